package models_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/quant"
)

func TestCloneIsIndependent(t *testing.T) {
	m := calibrated(t, 1, "w4a4")
	m.Provenance["note"] = "original"
	clone, err := m.Clone()
	if err != nil {
		t.Fatal(err)
	}
	before := fileOf(t, m)
	wantSame(t, "the clone differs", fileOf(t, clone), before)

	clone.Provenance["note"] = "clone"
	if err := clone.Store.GetVariable("/net/conv1/weight").SetValue(tensors.FromFlatDataAndDimensions(make([]float32, 3*3*3*4), 3, 3, 3, 4)); err != nil {
		t.Fatal(err)
	}
	if err := clone.SetExponents(map[string]int{"relu1": 5}); err != nil {
		t.Fatal(err)
	}
	if err := clone.SetScheme(scheme(t, "w8a8")); err != nil {
		t.Fatal(err)
	}
	wantSame(t, "a change of the clone changed the model", fileOf(t, m), before)
	for v := range clone.Store.IterVariables() {
		if original := m.Store.GetVariable(v.Path()); original == nil || original.Trainable != v.Trainable {
			t.Errorf("%s: trainable %v in the clone only", v.Path(), v.Trainable)
		}
	}
}

// TestOtherBitsForgetExponents checks that exponents found for 4-bit activations are not used for 8-bit ones.
func TestOtherBitsForgetExponents(t *testing.T) {
	m := calibrated(t, 1, "w4a4")
	if err := m.SetScheme(scheme(t, "w2a4")); err != nil {
		t.Fatal(err)
	}
	if !m.Calibrated() {
		t.Error("other bits of the weights have made the activations' exponents invalid")
	}
	if err := m.SetScheme(scheme(t, "w4a8")); err != nil {
		t.Fatal(err)
	}
	if m.Calibrated() {
		t.Error("the exponents of 4-bit activations are used for 8 bits")
	}
	_, err := m.Logits(make([]uint8, tinyInput.Size()))
	wantError(t, err, "tiny", "/net/input has no exponent", "calibrate")
	wantError(t, m.SetScheme(quant.Scheme{WeightBits: 9}), "WeightBits 9")
}

func TestSetExponentsErrors(t *testing.T) {
	m := calibrated(t, 1, "w4a4")
	before, err := m.Exponents()
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, m.SetExponents(map[string]int{"input": 1, "relu7": 1}), `network tiny has no activation "relu7"`)
	wantError(t, m.SetExponents(map[string]int{"input": 1, "relu1": 101}), "exponent 101 of relu1")
	if after, err := m.Exponents(); err != nil || !maps.Equal(after, before) {
		t.Errorf("exponents are %v, %v; were %v before the errors", after, err, before)
	}
}

// TestSizeBytes counts tiny's tensors by hand.
func TestSizeBytes(t *testing.T) {
	const (
		conv1, conv2, fc = 3 * 3 * 3 * 4, 3 * 3 * 4 * 5, 5 * 3 // weights: 108, 180, 15
		rest             = 4 * (4*4 + 4*5 + 3)                 // bytes of two batch norms and a bias
	)
	m := newTiny(t, 1)
	for _, test := range []struct {
		precision   string
		granularity quant.Granularity
		want        int
	}{
		{"fp32", "", 4*(conv1+conv2+fc) + rest},
		{"w8a8", "", conv1 + conv2 + fc + rest + 3 + 4},
		{"w4a4", "", conv1 + conv2/2 + fc + rest + 3 + 4},
		{"w3a32", "", conv1 + (3*conv2+4)/8 + fc + rest + 3}, // 67.5 bytes, rounded up
		{"w32a4", "", 4*(conv1+conv2+fc) + rest + 4},
		{"w4a4", quant.PerChannel, conv1 + conv2/2 + fc + rest + 4 + 5 + 3 + 4},
	} {
		s := scheme(t, test.precision)
		s.Granularity = test.granularity
		if err := m.SetScheme(s); err != nil {
			t.Fatal(err)
		}
		if got := m.SizeBytes(); got != test.want {
			t.Errorf("%s %s: %d bytes, want %d", test.precision, test.granularity, got, test.want)
		}
	}
}

// TestWeightExponentsPerChannel compares exponents with ExponentForRange of every channel's maximum.
func TestWeightExponentsPerChannel(t *testing.T) {
	m := newTiny(t, 1)
	s := scheme(t, "w4a32")
	s.Granularity = quant.PerChannel
	if err := m.SetScheme(s); err != nil {
		t.Fatal(err)
	}
	exponents, err := m.WeightExponents()
	if err != nil {
		t.Fatal(err)
	}
	w := tensors.MustCopyFlatData[float32](m.Store.GetVariable("/net/conv2/weight").MustValue())
	const channels = 5
	var want []int
	for c := range channels {
		var limit float64
		for i := c; i < len(w); i += channels {
			limit = max(limit, float64(w[i]), -float64(w[i]))
		}
		l, err := quant.ExponentForRange(limit, 4, quant.Signed)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, l)
	}
	if !slices.Equal(exponents["conv2.weight"], want) || len(exponents) != 3 {
		t.Errorf("exponents %v, want %v for conv2.weight, of 3 layers", exponents, want)
	}
	if err := m.SetScheme(quant.Scheme{WeightBits: 4}); err != nil { // no bits for the two ends
		t.Fatal(err)
	}
	if exponents, err := m.WeightExponents(); err != nil || len(exponents) != 1 || len(exponents["conv2.weight"]) != 1 {
		t.Errorf("exponents %v, %v; want one, of conv2.weight", exponents, err)
	}
}

func TestNetworkErrors(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*models.Network)
		want   string
	}{
		{"no name", func(n *models.Network) { n.Name = "" }, "without a name"},
		{"no input", func(n *models.Network) { n.Input.Height = 0 }, "input"},
		{"one class", func(n *models.Network) { n.Classes = 1 }, "1 classes"},
		{"too few means", func(n *models.Network) { n.Mean = n.Mean[1:] }, "2 means"},
		{"a negative pixel scale", func(n *models.Network) { n.PixelScale = -1 }, "pixel scale"},
		{"gains without offsets", func(n *models.Network) { n.Gain = make([]float32, 3) }, "3 gains and 0 offsets"},
		{"one gain for three channels", func(n *models.Network) { n.Gain, n.Offset = []float32{1}, []float32{0} }, "1 gains"},
		{"a deviation of zero", func(n *models.Network) { n.Std = make([]float32, 3) }, "deviations"},
		{"no description", func(n *models.Network) { n.Build = nil }, "Build is not set"},
		{"another number of logits", func(n *models.Network) { n.Classes = 4 }, "building network tiny"},
		{"a layer that does not fit", func(n *models.Network) {
			n.Build = func(_ *model.Scope, x *Node) *Node { return ReduceMean(x, 7) }
		}, "building network tiny"},
	} {
		network := tiny(3)
		test.change(&network)
		_, err := models.New(testbackend.Go(t), network, 0)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", test.name, err, test.want)
		}
	}
}

func TestGet(t *testing.T) {
	for _, name := range models.Names() {
		if n, err := models.Get(name); err != nil || n.Name != name || n.Validate() != nil {
			t.Errorf("%s: %v, %v, %v", name, n.Name, err, n.Validate())
		}
	}
	_, err := models.Get("alexnet")
	wantError(t, err, `no network "alexnet"`, "resnet20")
}
