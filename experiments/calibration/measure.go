package calibration

import (
	"context"
	"fmt"
	"math"

	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/calib"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/notebook"
	"github.com/lowprec/lpnets/lpq/quant"
)

// Point is the baseline after quantization with certain exponents, without fine-tuning.
type Point struct {
	Precision   string       `json:"precision"`
	Weights     quant.Rule   `json:"weights_by"`
	Activations calib.Choice `json:"activations_by"`
	// Shift is what was added to all exponents of the activations so chosen: their ranges are 2^Shift times as wide.
	Shift int `json:"shift,omitempty"`
	// Reestimated tells whether batch-norm statistics were estimated anew after quantization.
	Reestimated bool `json:"reestimated,omitempty"`

	// RelativeRange is that of the activations to the maximum's, geometric mean over the activations.
	RelativeRange float64 `json:"relative_range"`
	Top1Pct       float64 `json:"top1_pct"`
	// Right has a bit for each test image, the lowest of the first byte for the first one: whether the best guess was right.
	Right []byte `json:"right"`
}

// choices of the activations' exponents, the widest ranges first.
var choices = []calib.Choice{maximum, percentile(99.999), standard, percentile(99.9), percentile(99), leastSquares}

// maxShift is how many octaves all ranges are shifted, up and down.
const maxShift = 3

// points are what is to be measured.
func points(settings map[string]float64) (all []Point) {
	for _, precision := range precisions {
		batches, ok := settings[precision]
		if !ok {
			continue
		}
		for _, rule := range rules {
			if rule == quant.RuleMSE && settings[settingMSE] == 0 {
				continue
			}
			for _, choice := range choices {
				p := Point{Precision: precision, Weights: rule, Activations: choice}
				all = append(all, p)
				if p.Reestimated = true; batches > 0 {
					all = append(all, p)
				}
			}
		}
		for shift := -maxShift; shift <= maxShift; shift++ {
			if shift != 0 { // that is the maximum itself
				all = append(all, Point{Precision: precision, Weights: quant.RuleMax, Activations: maximum, Shift: shift})
			}
		}
	}
	return all
}

// measure is what a run keeps: []Point.
func measure(ctx context.Context, m *lpq.Model, sets lpq.Sets, c run.Config) (any, error) {
	q, err := newQuantizer(ctx, m, sets, c)
	if err != nil {
		return nil, err
	}
	progress := notebook.NewProgressIn(ctx, "quantize "+c.Network)
	defer progress.Close()
	all := points(c.Measure.Settings)
	for i := range all {
		if err := q.measure(ctx, &all[i]); err != nil {
			return nil, err
		}
		progress.Update(i+1, len(all), fmt.Sprintf("%s %s · top-1 %.2f %%", all[i].Precision, nameOf(all[i].Activations), all[i].Top1Pct))
	}
	return all, nil
}

// quantizer quantizes copies of a network and evaluates them.
type quantizer struct {
	plain, reestimated *lpq.Model // copies, by their batch-norm statistics
	sets               lpq.Sets
	settings           map[string]float64
	options            models.CalibrateOptions
	histograms         []calib.Histogram         // of the activations
	known              map[string]*models.Result // by precision and exponents: many choices end with the same
}

func newQuantizer(ctx context.Context, m *lpq.Model, sets lpq.Sets, c run.Config) (*quantizer, error) {
	q := &quantizer{sets: sets, settings: c.Measure.Settings, known: map[string]*models.Result{},
		options: models.CalibrateOptions{Batch: int(c.Measure.Settings[settingBatch]), Seed: c.Seed, Augment: data.DefaultAugment(sets.Train)}}
	for _, copied := range []**lpq.Model{&q.plain, &q.reestimated} {
		var err error
		if *copied, err = m.Clone(); err != nil {
			return nil, err
		}
	}
	var err error
	q.histograms, err = q.plain.Observe(ctx, sets.Train, q.options)
	return q, err
}

// measure fills in what a point's network is like.
func (q *quantizer) measure(ctx context.Context, p *Point) error {
	scheme, err := quant.ParseScheme(p.Precision)
	if err != nil {
		return err
	}
	scheme.WeightRule = p.Weights
	exponents, octaves, err := q.exponents(scheme, p.Activations, p.Shift)
	if err != nil {
		return err
	}
	key := fmt.Sprint(scheme, scheme.WeightRule, p.Reestimated, exponents)
	if q.known[key] == nil {
		if q.known[key], err = q.evaluate(ctx, scheme, exponents, p.Reestimated); err != nil {
			return err
		}
	}
	p.RelativeRange, p.Top1Pct, p.Right = math.Exp2(octaves), q.known[key].Top1Pct(), right(q.known[key].Predictions, q.sets.Test)
	return nil
}

// exponents of the activations, and by how many octaves their ranges differ from the maximum's in the mean.
func (q *quantizer) exponents(scheme quant.Scheme, choice calib.Choice, shift int) (exponents map[string]int, octaves float64, err error) {
	top, err := q.plain.ChooseExponents(q.histograms, scheme, maximum)
	if err != nil {
		return nil, 0, err
	}
	if exponents, err = q.plain.ChooseExponents(q.histograms, scheme, choice); err != nil {
		return nil, 0, err
	}
	sum := 0
	for name := range exponents {
		exponents[name] += shift
		sum += exponents[name] - top[name]
	}
	return exponents, float64(sum) / float64(len(q.histograms)), nil
}

// evaluate quantizes one of the copies. Re-estimated statistics do not depend on those that were there before.
func (q *quantizer) evaluate(ctx context.Context, scheme quant.Scheme, exponents map[string]int, reestimate bool) (*models.Result, error) {
	m := q.plain
	if reestimate {
		m = q.reestimated
	}
	if !m.Scheme().Equal(scheme) {
		if err := m.SetScheme(scheme); err != nil {
			return nil, err
		}
	}
	if err := m.SetExponents(exponents); err != nil {
		return nil, err
	}
	if reestimate {
		if err := m.Reestimate(ctx, q.sets.Train, int(q.settings[scheme.String()]), q.options); err != nil {
			return nil, err
		}
	}
	result, err := m.Evaluate(ctx, q.sets.Test, models.EvaluateOptions{})
	return &result, err
}

// right are the bits of Point.Right.
func right(guesses []int32, set data.Dataset) []byte {
	bits := make([]byte, (len(guesses)+7)/8)
	for i, guess := range guesses {
		if guess == set.Label(i) {
			bits[i/8] |= 1 << (i % 8)
		}
	}
	return bits
}

// mcNemar is the exact test on the guesses of two points' networks.
func mcNemar(a, b Point, images int) (analysis.MatchedPairs, error) {
	ones := make([]int32, images)
	for i := range ones {
		ones[i] = 1
	}
	return analysis.McNemar(unpack(a.Right, images), unpack(b.Right, images), ones)
}

// unpack gives 1 for each image that was right and 0 for the others.
func unpack(bits []byte, images int) []int32 {
	values := make([]int32, min(images, 8*len(bits)))
	for i := range values {
		values[i] = int32(bits[i/8] >> (i % 8) & 1)
	}
	return values
}
