package report

import (
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/google/go-cmp/cmp"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/quant"
	"github.com/lowprec/lpnets/lpq/weights"
)

// saved is the built-in network in a precision, written and read, and the model that an engine runs.
func saved(t *testing.T, engine compute.Backend, scheme quant.Scheme) (*lpq.Model, *network) {
	t.Helper()
	m, err := lpq.LoadModel(engine, "resnet8", lpq.BuiltIn)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SetScheme(scheme); err != nil {
		t.Fatal(err)
	}
	exponents := map[string]int{}
	for i, site := range m.Activations() {
		exponents[site.Name] = i - 6 // each another one
	}
	if err := m.SetExponents(exponents); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "final.safetensors")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	file, err := weights.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	n, err := newNetwork(file)
	if err != nil {
		t.Fatal(err)
	}
	return m, n
}

// What is read from the file alone is what the engine finds: exponents, formats, sizes, noise.
func TestNetworkAgainstEngine(t *testing.T) {
	engine := testbackend.XLA(t)
	for name, scheme := range map[string]quant.Scheme{
		"max":         {WeightBits: 4, ActivationBits: 4, EdgeBits: 8},
		"mse":         {WeightBits: 4, ActivationBits: 8, EdgeBits: 8, WeightRule: quant.RuleMSE},
		"per channel": {WeightBits: 4, ActivationBits: 4, EdgeBits: 8, WeightRule: quant.RuleMSE, Granularity: quant.PerChannel},
		"weights":     {WeightBits: 3, EdgeBits: 8},
		"activations": {ActivationBits: 5, EdgeBits: 8},
	} {
		t.Run(name, func(t *testing.T) {
			m, n := saved(t, engine, scheme)
			want, err := m.WeightExponents()
			if err != nil {
				t.Fatal(err)
			}
			got := map[string][]int{}
			for _, w := range n.weights {
				got[w.name] = w.exponents
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("exponents of the weights (-engine +file):\n%s", diff)
			}
			if n.sizeBytes() != m.SizeBytes() {
				t.Errorf("%d bytes, want %d", n.sizeBytes(), m.SizeBytes())
			}
			checkActivations(t, m, n)
			checkNoise(t, m, n)
		})
	}
}

// What only training needs is no part of the network: Inception's auxiliary classifier has neither grids nor a size.
func TestNetworkLeavesOutAuxiliary(t *testing.T) {
	inception, err := models.Get("inception_v3")
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.New(testbackend.Go(t), inception, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, scheme := range []quant.Scheme{{}, {WeightBits: 8, EdgeBits: 8}} {
		if err := m.SetScheme(scheme); err != nil {
			t.Fatal(err)
		}
		file, err := m.File()
		if err != nil {
			t.Fatal(err)
		}
		n, err := newNetwork(file)
		if err != nil {
			t.Fatal(err)
		}
		if n.sizeBytes() != m.SizeBytes() {
			t.Errorf("%s: %d bytes, want %d", scheme, n.sizeBytes(), m.SizeBytes())
		}
		if scheme.Quantized() && len(n.weights) != len(m.Weights()) {
			t.Errorf("%s: %d grids, want %d", scheme, len(n.weights), len(m.Weights()))
		}
	}
}

func checkActivations(t *testing.T, m *lpq.Model, n *network) {
	t.Helper()
	var want []activationGrid
	if m.Scheme().ActivationBits != quant.Float {
		for i, s := range m.Activations() {
			want = append(want, activationGrid{s.Name, quant.Format{Bits: m.Scheme().Activations(s.Edge), Signed: s.Signed, Exponent: i - 6}})
		}
	}
	if !slices.Equal(n.activations, want) || n.known != (want != nil) {
		t.Errorf("activations %v, known %v; want %v", n.activations, n.known, want)
	}
}

func checkNoise(t *testing.T, m *lpq.Model, n *network) {
	t.Helper()
	if len(n.weights) == 0 {
		return
	}
	want, err := analysis.WeightSQNR(m)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range n.weights {
		// Both sum in float64, in another order.
		if w.name != want[i].Name || w.bits != want[i].Bits || math.Abs(w.sqnr-want[i].SQNR) > 1e-9 {
			t.Errorf("%s, %d bits: %v dB; want %v", w.name, w.bits, w.sqnr, want[i])
		}
	}
}

// A network of one's own is read as far as its file goes.
func TestOwnNetwork(t *testing.T) {
	file := &weights.File{Metadata: map[string]string{models.MetaNetwork: "mine", models.MetaScheme: `{"weight_bits":2,"activation_bits":4,"edge_bits":8}`,
		models.MetaExponents: `{"b":-3,"a":1}`}}
	for _, part := range []struct {
		name   string
		shape  []int
		values []float32
	}{
		{"first", []int{1, 2}, []float32{0.5, -1}},
		{"middle", []int{2, 2}, []float32{0.5, -1, 0.25, 2.5}},
		{"bias", []int{2}, []float32{1, 2}},
		{"last", []int{1, 1}, []float32{0}},
	} {
		tensor, err := weights.NewFloat32(part.name, part.shape, part.values)
		if err != nil {
			t.Fatal(err)
		}
		file.Tensors = append(file.Tensors, tensor)
	}
	n, err := newNetwork(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := []activationGrid{{"a", quant.Format{Exponent: 1}}, {"b", quant.Format{Exponent: -3}}}; n.known || !slices.Equal(n.activations, want) {
		t.Errorf("activations %v, known %v; want %v", n.activations, n.known, want)
	}
	// 2.5 in 2 bits: ceil(log2(2.5)) - 1 = 1, codes -1..1 of step 2: 0.5 -> 0, -1 -> -0.5 to even -> 0, 0.25 -> 0, 2.5 -> 1; errors 0.5, 1, 0.25, 0.5.
	signal, noise := 0.25+1+0.0625+6.25, 0.25+1+0.0625+0.25
	want := []weightGrid{
		{name: "first", shape: []int{1, 2}, bits: 8, exponents: []int{-7}, low: -1, high: 0.5, outside: 0.5, sqnr: 10 * math.Log10(1.25*128*128)},
		{name: "middle", shape: []int{2, 2}, bits: 2, exponents: []int{1}, low: -1, high: 2.5, outside: 0.25, sqnr: 10 * math.Log10(signal/noise)},
		{name: "last", shape: []int{1, 1}, bits: 8, exponents: []int{-7}, sqnr: math.Inf(1)},
	}
	near := cmp.Comparer(func(a, b float64) bool { return a == b || math.Abs(a-b) < 1e-12 })
	if diff := cmp.Diff(want, n.weights, cmp.AllowUnexported(weightGrid{}), near); diff != "" {
		t.Errorf("weights (-want +got):\n%s", diff)
	}
	// Two tensors in 8 bits and one in 2, an exponent of each, the bias in float, two exponents of activations.
	if got := n.sizeBytes(); got != 2+1+1+3+8+2 {
		t.Errorf("%d bytes", got)
	}
}
