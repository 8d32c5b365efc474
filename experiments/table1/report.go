package table1

import (
	"fmt"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/plot"
)

// report has our table, the paper's, and a figure of ours.
func report(outcomes []run.Outcome) (experiments.Report, error) {
	groups := experiments.Groups(outcomes)
	comparisons, err := comparisonTable(groups)
	if err != nil {
		return experiments.Report{}, err
	}
	paper, err := paperTable()
	if err != nil {
		return experiments.Report{}, err
	}
	r := experiments.Report{Tables: []experiments.Table{accuracyTable(groups), comparisons, paper}, Notes: notes}
	if len(experiments.Baselines(groups)) > 0 {
		r.Figures = []experiments.Figure{{Name: "accuracy", Figure: figure(groups)}}
	}
	return r, nil
}

// notes say how to read the tables.
var notes = []string{
	"An fp32 control is fine-tuned by the recipe of the networks beside it, but in fp32. Intervals are 95 % t intervals over seeds; differences are paired by " +
		"seed, but for those to the baseline: that is one network, and its own spread over seeds is not in the interval. McNemar's exact test compares the " +
		"predictions of two networks image by image; the p shown is the smallest of all seeds times their number. " +
		"The verdict is the t test's over seeds, or McNemar's where there is one seed: then it is about two networks, not about their recipes. The mean cosine is that to the network that a run started from: the baseline's to the network as published, the others' to the baseline. " +
		"The test loss is the mean cross-entropy.",
}

// accuracyTable has a row for each network and label.
func accuracyTable(groups []experiments.Group) experiments.Table {
	t := experiments.Table{
		Name: "table1", Caption: "Ours, means over seeds:",
		Columns: []string{"network", "label", "precision", "exponents", "epochs", "seeds", "top1_pct", "top1_interval_pct", "top5_pct", "test_loss_nats", "mean_cosine", "size_bytes"},
		Shown:   []string{"network", "label", "exponents", "epochs", "seeds", "top1_pct", "top1_interval_pct", "top5_pct", "test_loss_nats", "mean_cosine", "size_bytes"},
	}
	for _, g := range groups {
		c := g.Runs[0].Config
		t.Add(g.Network, g.Label, c.Precision(), variantOf(g.Label).exponents, c.Epochs(), len(g.Runs),
			experiments.Points(g.Mean(experiments.Top1)), g.AccuracyInterval(),
			experiments.Points(g.Mean(func(r run.Result) float64 { return r.Top5Pct })), g.Mean(func(r run.Result) float64 { return r.Loss }),
			experiments.Cosine(g.Mean(func(r run.Result) float64 { return r.MeanCosine })), g.Runs[0].Result.SizeBytes)
	}
	return t
}

// comparisonTable has every network beside its baseline and what its variant names.
func comparisonTable(groups []experiments.Group) (experiments.Table, error) {
	t := experiments.Table{
		Name: "comparisons", Caption: "Differences in top-1 accuracy, in percentage points:",
		Columns: []string{"network", "label", "against", "seeds", "diff_pct", "diff_interval_pct", "mcnemar_p", "verdict"},
	}
	t.Shown = t.Columns
	for _, g := range groups {
		if g.Label == experiments.BaselineLabel {
			continue
		}
		for _, against := range append([]string{experiments.BaselineLabel}, variantOf(g.Label).against...) {
			d, err := experiments.Compare(g, experiments.Find(groups, g.Network, against))
			if err != nil {
				return t, err
			}
			if d != nil {
				t.Add(g.Network, g.Label, against, d.Pairs, experiments.Signed(d.Mean), d.Interval, d.P, d.Verdict)
			}
		}
	}
	return t, nil
}

// variantOf is the zero value for a baseline.
func variantOf(label string) variant {
	for _, v := range variants {
		if v.label == label {
			return v
		}
	}
	return variant{}
}

// figure has a group of bars for each kind of network; some network has a baseline.
func figure(groups []experiments.Group) *plot.Figure {
	bars := []experiments.Bar{{Label: experiments.BaselineLabel, Name: experiments.BaselineLabel}}
	for _, v := range variants {
		bars = append(bars, experiments.Bar{Label: v.label, Name: v.label})
	}
	return experiments.AccuracyBars(fmt.Sprintf("Accuracy on %d test images", groups[0].Runs[0].Result.Images), groups, bars)
}
