package calibration

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/builtin"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/quant"
)

const (
	testBatch        = 64
	testReestimation = 3
	testSeed         = 7
)

func testModel(t *testing.T) (*lpq.Model, lpq.Sets) {
	t.Helper()
	m, err := lpq.LoadModel(testbackend.XLA(t), builtin.Network, lpq.BuiltIn)
	if err != nil {
		t.Fatal(err)
	}
	var sets lpq.Sets
	sets.Train, sets.Test = builtin.Data()
	sets.Train, sets.Test = data.Head(sets.Train, 400), data.Head(sets.Test, 250)
	return m, sets
}

func testConfig() run.Config {
	return run.Config{Network: builtin.Network, Seed: testSeed,
		Measure: &run.Measurement{Name: measurement, Settings: map[string]float64{settingBatch: testBatch, "w4a4": testReestimation}}}
}

// Points are what quantizing, calibrating and evaluating give, in whatever order they are measured; the network stays as it was.
func TestMeasure(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a dozen graphs")
	}
	ctx := t.Context()
	m, sets := testModel(t)
	before, err := m.File()
	if err != nil {
		t.Fatal(err)
	}
	q, err := newQuantizer(ctx, m, sets, testConfig())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []Point{
		{Precision: "w4a4", Weights: quant.RuleMax, Activations: percentile(99.9), Reestimated: true},
		{Precision: "w4a4", Weights: quant.RuleMSE, Activations: standard},
		{Precision: "w4a4", Weights: quant.RuleMax, Activations: standard, Reestimated: true}, // after other statistics
		{Precision: "w4a4", Weights: quant.RuleMax, Activations: maximum, Shift: -1},
	} {
		want := quantized(t, m, sets, p)
		if err := q.measure(ctx, &p); err != nil {
			t.Fatal(err)
		}
		if p.Top1Pct != want.Top1Pct() {
			t.Errorf("%s %s shifted by %d: top-1 %v, want %v", p.Weights, nameOf(p.Activations), p.Shift, p.Top1Pct, want.Top1Pct())
		}
		if got := right(want.Predictions, sets.Test); !slices.Equal(got, p.Right) {
			t.Errorf("%s %s shifted by %d: other images are right", p.Weights, nameOf(p.Activations), p.Shift)
		}
		if wide := p.RelativeRange > 1; wide || p.Shift == -1 && p.RelativeRange != 0.5 {
			t.Errorf("%s shifted by %d: range %v of the maximum's", nameOf(p.Activations), p.Shift, p.RelativeRange)
		}
	}
	after, err := m.File()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before.Metadata, after.Metadata); diff != "" {
		t.Errorf("metadata: %s", diff)
	}
	layers, err := analysis.Similarity(before, after)
	if err != nil || analysis.MeanCosine(layers) != 1 {
		t.Errorf("the weights have changed: %v, %v", layers, err)
	}
}

// quantized is the same by the way that users take.
func quantized(t *testing.T, m *lpq.Model, sets lpq.Sets, p Point) models.Result {
	t.Helper()
	options := lpq.QuantizeOptions{WeightRule: p.Weights, Choice: p.Activations, Batch: testBatch, Seed: testSeed, Augment: data.CIFARAugment}
	if p.Reestimated {
		options.ReestimateBatches = testReestimation
	}
	low, err := lpq.Quantize(t.Context(), m, p.Precision, sets.Train, options)
	if err != nil {
		t.Fatal(err)
	}
	exponents, err := low.Exponents()
	if err != nil {
		t.Fatal(err)
	}
	for name := range exponents {
		exponents[name] += p.Shift
	}
	if err := low.SetExponents(exponents); err != nil {
		t.Fatal(err)
	}
	result, err := lpq.Evaluate(t.Context(), low, sets.Test)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestMeasureInterrupted(t *testing.T) {
	m, sets := testModel(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := measure(ctx, m, sets, testConfig()); err == nil || ctx.Err() == nil {
		t.Errorf("got %v, want the context's error", err)
	}
}

func TestPoints(t *testing.T) {
	count := func(settings map[string]float64, is func(Point) bool) (n int) {
		for _, p := range points(settings) {
			if is(p) {
				n++
			}
		}
		return n
	}
	everything := func(Point) bool { return true }
	reestimated := func(p Point) bool { return p.Reestimated }
	for name, test := range map[string]struct {
		settings         map[string]float64
		all, reestimated int
	}{
		"nothing":          {nil, 0, 0},
		"maximum alone":    {map[string]float64{"w8a8": 0}, 6 + 6, 0},
		"re-estimated":     {map[string]float64{"w8a8": 0, "w4a4": 5}, 6 + 6 + 2*6 + 6, 6},
		"weights by mse":   {map[string]float64{settingMSE: 1, "w4a4": 5}, 2*2*6 + 6, 12},
		"unknown settings": {map[string]float64{"w5a5": 5}, 0, 0},
	} {
		if all, again := count(test.settings, everything), count(test.settings, reestimated); all != test.all || again != test.reestimated {
			t.Errorf("%s: %d points, %d re-estimated; want %d and %d", name, all, again, test.all, test.reestimated)
		}
	}
}

// Bits hold the images in order, and the last byte is not full.
func TestRight(t *testing.T) {
	set := builtinHead(11)
	guesses := make([]int32, set.Len())
	want := make([]int32, set.Len())
	for i := range guesses {
		guesses[i], want[i] = set.Label(i), 1
		if i == 0 || i == 9 {
			guesses[i], want[i] = guesses[i]+1, 0
		}
	}
	bits := right(guesses, set)
	if want := []byte{0b1111_1110, 0b101}; !slices.Equal(bits, want) {
		t.Errorf("bits %b, want %b", bits, want)
	}
	if got := unpack(bits, set.Len()); !slices.Equal(got, want) {
		t.Errorf("unpacked %v, want %v", got, want)
	}
	if _, err := mcNemar(Point{Right: bits}, Point{Right: bits[:1]}, set.Len()); err == nil {
		t.Error("no error for bits that are missing")
	}
}

func builtinHead(n int) data.Dataset {
	_, test := builtin.Data()
	return data.Head(test, n)
}
