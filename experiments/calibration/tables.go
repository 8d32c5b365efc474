package calibration

import (
	"slices"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/quant"
)

// ptqTable has what quantization alone does, by how the exponents are found.
func ptqTable(runs []measured) experiments.Table {
	t := experiments.Table{Name: "ptq", Caption: "After quantization, not fine-tuned:",
		Columns: []string{"network", "precision", "weights_by", "activations_by", "reestimated", "seed", "relative_range", "top1_pct"}}
	t.Shown = t.Columns
	for _, m := range runs {
		for _, p := range m.points {
			if p.Shift != 0 {
				continue
			}
			reestimated := "no"
			if p.Reestimated {
				reestimated = "yes"
			}
			t.Add(m.Config.Network, p.Precision, p.Weights, nameOf(p.Activations), reestimated, m.Config.Seed, experiments.Points(p.RelativeRange), experiments.Points(p.Top1Pct))
		}
	}
	return t
}

// rangeTable has the accuracy against the range of the activations.
func rangeTable(runs []measured) experiments.Table {
	t := experiments.Table{Name: "range", Caption: "All ranges of the activations 2^shift times the maximum's, weights by the maximum, not fine-tuned:",
		Columns: []string{"network", "precision", "seed", "shift", "relative_range", "top1_pct"}}
	t.Shown = t.Columns
	for _, m := range runs {
		for _, precision := range precisions {
			for _, p := range m.shifts(precision) {
				t.Add(m.Config.Network, precision, m.Config.Seed, p.Shift, p.RelativeRange, experiments.Points(p.Top1Pct))
			}
		}
	}
	return t
}

// faqTable has the fine-tuned networks beside their baseline and fp32 control.
func faqTable(groups []experiments.Group) (experiments.Table, error) {
	t := experiments.Table{Name: "faq", Caption: "After fine-tuning; differences to the fp32 control, in percentage points:",
		Columns: []string{"network", "label", "exponents", "epochs", "seeds", "top1_pct", "top1_interval_pct", "test_loss_nats", "diff_baseline_pct", "diff_pct", "diff_interval_pct", "mcnemar_p", "verdict"},
		Shown:   []string{"network", "label", "exponents", "epochs", "seeds", "top1_pct", "top1_interval_pct", "diff_baseline_pct", "diff_pct", "diff_interval_pct", "mcnemar_p", "verdict"}}
	for _, g := range groups {
		c := g.Runs[0].Config
		if c.Measure != nil {
			continue // it is the baseline
		}
		baseline, err := experiments.Compare(g, experiments.Find(groups, g.Network, experiments.BaselineLabel))
		if err != nil {
			return t, err
		}
		var toBaseline any
		if baseline != nil && g.Label != experiments.BaselineLabel {
			toBaseline = experiments.Signed(baseline.Mean)
		}
		differences, err := differenceCells(groups, g)
		if err != nil {
			return t, err
		}
		t.Add(append([]any{g.Network, g.Label, exponentsBy(g.Label), c.Epochs(), len(g.Runs), experiments.Points(g.Mean(experiments.Top1)), g.AccuracyInterval(),
			g.Mean(func(r run.Result) float64 { return r.Loss }), toBaseline}, differences...)...)
	}
	return t, nil
}

// differenceCells are those to the control; empty for itself and the baseline.
func differenceCells(groups []experiments.Group, g experiments.Group) ([]any, error) {
	none := []any{nil, nil, nil, nil}
	if exponentsBy(g.Label) == "" {
		return none, nil
	}
	d, err := experiments.Compare(g, experiments.Find(groups, g.Network, controlLabel))
	if err != nil || d == nil {
		return none, err
	}
	return []any{experiments.Signed(d.Mean), d.Interval, d.P, d.Verdict}, nil
}

// exponentsBy is what found a variant's exponents: weights / activations. Empty for networks in fp32.
func exponentsBy(label string) string {
	for _, v := range variants {
		if v.label == label {
			return string(v.weights) + " / " + nameOf(v.activations)
		}
	}
	return ""
}

// of are the points of one precision that keep says.
func (m measured) of(precision string, keep func(Point) bool) (found []Point) {
	for _, p := range m.points {
		if p.Precision == precision && keep(p) {
			found = append(found, p)
		}
	}
	return found
}

// chosen are the points of all choices, in their order, with that rule for the weights and those statistics.
func (m measured) chosen(precision string, rule quant.Rule, reestimated bool) []Point {
	return m.of(precision, func(p Point) bool { return p.Shift == 0 && p.Weights == rule && p.Reestimated == reestimated })
}

// shifts are the points at multiples of the maximum, from narrow to wide.
func (m measured) shifts(precision string) []Point {
	found := m.of(precision, func(p Point) bool { return p.Weights == quant.RuleMax && p.Activations == maximum && !p.Reestimated })
	slices.SortFunc(found, func(a, b Point) int { return a.Shift - b.Shift })
	return found
}
