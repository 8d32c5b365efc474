package analysis_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/builtin"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/quant"
)

// builtInModel is the built-in network.
func builtInModel(t *testing.T) *models.Model {
	t.Helper()
	network, err := models.Get(builtin.Network)
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.New(testbackend.XLA(t), network, 0)
	if err != nil {
		t.Fatal(err)
	}
	file, err := builtin.Weights()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SetWeights(file); err != nil {
		t.Fatal(err)
	}
	return m
}

func setScheme(t *testing.T, m *models.Model, precision string) {
	t.Helper()
	scheme, err := quant.ParseScheme(precision)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SetScheme(scheme); err != nil {
		t.Fatal(err)
	}
}

// dequantized is the float network whose weights lie on the grids of m's precision.
func dequantized(t *testing.T, m *models.Model) *models.Model {
	t.Helper()
	exponents, err := m.WeightExponents()
	if err != nil {
		t.Fatal(err)
	}
	float, err := m.Clone()
	if err != nil {
		t.Fatal(err)
	}
	for _, site := range m.Weights() {
		variable := float.Store.GetVariable(site.Path)
		flat := tensors.MustCopyFlatData[float32](variable.MustValue())
		f := quant.Format{Bits: m.Scheme().Weights(site.Edge), Signed: quant.Signed, Exponent: exponents[site.Name][0]}
		for i, x := range flat {
			flat[i] = f.FakeQuantize(x)
		}
		if err := variable.SetValue(tensors.FromFlatDataAndDimensions(flat, variable.Shape().Dimensions...)); err != nil {
			t.Fatal(err)
		}
	}
	setScheme(t, float, "fp32")
	return float
}

// With weights alone quantized, the low-precision network is a float network, whose activations are compared one by one in Go.
func TestActivationSimilarity(t *testing.T) {
	const images = 16 // two batches
	m := builtInModel(t)
	setScheme(t, m, "w3a32")
	set, _ := data.Synthetic(1, images, 0)
	got, err := analysis.ActivationSimilarity(t.Context(), m, set)
	if err != nil {
		t.Fatal(err)
	}
	low := dequantized(t, m)
	if len(got) != len(m.Activations()) {
		t.Fatalf("%d activations, want %d", len(got), len(m.Activations()))
	}
	for i, site := range m.Activations() {
		if i%4 != 0 { // the first, one between and the last: each network is compiled anew for each
			continue
		}
		var values [2][]float32
		for j, model := range []*models.Model{m, low} {
			if values[j], err = model.Values(t.Context(), set, site.Name, models.CalibrateOptions{Ordered: true, Batch: images}); err != nil {
				t.Fatal(err)
			}
		}
		want := analysis.Cosine(values[0], values[1])
		if l := got[i]; l.Name != site.Name || l.Size*images != len(values[0]) || !(math.Abs(l.Cosine-want) < 1e-5) {
			t.Errorf("%+v, want %s, %d values, cosine %g", l, site.Name, len(values[0])/images, want)
		}
	}
	if last := got[len(got)-1].Cosine; got[0].Cosine != 1 || last > 0.999 {
		t.Errorf("cosine %g of the images and %g at the end; want 1 and less", got[0].Cosine, last)
	}
}

func TestActivationSimilarityRefuses(t *testing.T) {
	m := builtInModel(t)
	train, none := data.Synthetic(1, 8, 0)
	same, err := analysis.ActivationSimilarity(t.Context(), m, train)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range same {
		if !(math.Abs(l.Cosine-1) < 1e-12) {
			t.Errorf("fp32 against itself: %+v", l)
		}
	}
	if _, err := analysis.ActivationSimilarity(t.Context(), m, none); err == nil || !strings.Contains(err.Error(), "no images") {
		t.Errorf("no images: error %v", err)
	}
	setScheme(t, m, "w4a4")
	if _, err := analysis.ActivationSimilarity(t.Context(), m, train); err == nil || !strings.Contains(err.Error(), "resnet8 in w4a4 is not calibrated") {
		t.Errorf("not calibrated: error %v", err)
	}
}
