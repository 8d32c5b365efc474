package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/plot"
	"github.com/lowprec/lpnets/lpq/quant"
)

// overview has what is compared at a glance.
func (r *Report) overview() (s section, err error) {
	s = section{ID: "overview", Title: "At a glance"}
	t := &table{Caption: "Top-1 with its 95 % Wilson interval, for the number of test images. The mean cosine is of the weights to those at the start. Exponents are found by the rule for " +
		"weights / the rule for activations.",
		Columns: columns("run", "network", "precision", "top-1 %#", "95 % interval#", "top-5 %#", "loss#", "validation top-1 %#", "mean cosine#", "bytes#",
			"exponents by", "epochs#", "seed#", "state")}
	oneNetwork, allDone := len(r.networks()) == 1, !slices.ContainsFunc(r.Runs, func(o *Run) bool { return o.Status.State != run.Done })
	for _, o := range r.Runs {
		row := o.overviewRow()
		if oneNetwork {
			row[1] = cell{} // it stands in the title
		}
		if allDone {
			row[len(row)-1] = cell{} // so does that
		}
		t.Rows = append(t.Rows, row)
	}
	s.add(t.withoutEmpty())
	for _, o := range r.Runs {
		if o.Status.State != run.Done {
			s.List = append(s.List, fmt.Sprintf("%s is %s%s", o.Name, o.Status.State, o.reason()))
		}
	}
	f, err := r.accuracyFigure()
	if f != nil {
		s.add(f)
	}
	return s, err
}

func (o *Run) overviewRow() []cell {
	row := cells(cell{Text: o.Name, Small: o.Folder}, o.Config.Network, o.Config.Precision())
	if s := o.Result; s.Images > 0 {
		row = append(row, cells(experiments.Points(s.Top1Pct), wilson(s), experiments.Points(s.Top5Pct), fmt.Sprintf("%.4f", s.Loss))...)
	} else {
		row = append(row, cells("", "", "", "")...)
	}
	var validation, cosine, size any
	if v := o.Result.Validation; v != nil {
		validation = experiments.Points(v.Top1Pct)
	}
	if len(o.Result.Layers) > 0 {
		cosine = experiments.Cosine(o.Result.MeanCosine)
	}
	if o.Result.SizeBytes > 0 {
		size = count(o.Result.SizeBytes)
	}
	return append(row, cells(validation, cosine, size, exponentRules(o.Config), o.epochs(), o.Config.Seed,
		cell{Text: string(o.Status.State), State: string(o.Status.State)})...)
}

// epochs are those of the recipe, or how many of them there are so far.
func (o *Run) epochs() string {
	switch {
	case o.Config.Recipe == nil:
		return "0"
	case o.Status.State != run.Done:
		return fmt.Sprintf("%d of %d", o.History.Last().Epoch, o.Config.Recipe.Epochs)
	}
	return fmt.Sprint(o.Config.Recipe.Epochs)
}

// states say more of a run that is not done, and does not say it itself.
var states = map[run.State]string{
	run.Planned:     "it has not begun",
	run.Running:     "a process is at it, and what is shown is what there was when the report was made",
	run.Interrupted: "its process has ended, and it goes on when its experiment is resumed",
}

// reason is why a run is not done.
func (o *Run) reason() string {
	reason := strings.TrimRight(o.Status.Reason, ".\n ")
	if reason == "" {
		reason = states[o.Status.State]
	}
	if reason == "" {
		return "."
	}
	return ": " + reason + "."
}

// exponentRules says what finds the exponents: of weights / of activations.
func exponentRules(c run.Config) string {
	if c.Recipe == nil {
		return ""
	}
	scheme, err := c.Recipe.Precision()
	if err != nil || !scheme.Quantized() {
		return ""
	}
	w, a := "float", "float"
	if scheme.WeightBits != quant.Float {
		w = string(quant.RuleMax)
		if scheme.WeightRule != "" {
			w = string(scheme.WeightRule)
		}
	}
	if scheme.ActivationBits != quant.Float {
		a = c.Recipe.Calibration.String()
	}
	return w + " / " + a
}

// wilson is the interval of an accuracy, in percent.
func wilson(r run.Result) string {
	low, high := wilsonPct(r)
	return fmt.Sprintf("%.2f to %.2f", low, high)
}

func wilsonPct(r run.Result) (low, high float64) {
	low, high = analysis.Wilson(int(math.Round(r.Top1Pct/100*float64(r.Images))), r.Images)
	return 100 * low, 100 * high
}

// accuracyFigure has a bar for each run that was judged; nil if that is none.
func (r *Report) accuracyFigure() (*figure, error) {
	s := plot.Series{}
	var names []string
	for _, o := range r.Runs {
		if o.Result.Images == 0 {
			continue
		}
		low, high := wilsonPct(o.Result)
		y := o.Result.Top1Pct
		names, s.Y, s.Low, s.High = append(names, o.Name), append(s.Y, y), append(s.Low, min(low, y)), append(s.High, max(high, y))
	}
	if len(names) < 2 {
		return nil, nil
	}
	drawing := plot.Bars("Accuracy on the test images", "top-1 (%)", names, s)
	if len(names) <= 6 { // which have room in a panel
		_, height := drawing.Size()
		drawing = drawing.Resized(panelWidth, height)
	}
	return newFigure("Top-1 of every run. Whiskers are 95 % Wilson intervals: how far another set of as many test images might move the figure.", drawing)
}

// repeats has means over seeds, and differences between kinds of runs.
func (r *Report) repeats() (s section, err error) {
	s = section{ID: "differences", Title: "Repeats and differences"}
	if len(r.Runs) == 1 {
		s.Text = append(s.Text, "There is one run, and nothing to compare it with.")
		return s, nil
	}
	t := &table{Caption: "Means over seeds, with the 95 % t interval of the mean: how far other seeds might move it.",
		Columns: columns("runs", "seeds", "top-1 %#", "95 % interval#", "top-5 %#", "loss#", "mean cosine#")}
	for _, k := range r.kinds {
		if g := k.done(); len(g.Runs) > 1 {
			t.Rows = append(t.Rows, repeatsRow(g))
		}
	}
	if len(t.Rows) > 0 {
		s.add(t)
	} else {
		s.Text = append(s.Text, "No network was trained with several seeds: a test on its predictions says whether two networks differ, not whether two ways to train do.")
	}
	first, others, err := r.comparisons()
	switch {
	case err != nil:
		return s, err
	case len(first.Rows) > 0:
		s.add(first)
	default:
		s.Text = append(s.Text, "No two runs have predictions for the same test images, so none are compared by McNemar's test.")
	}
	if len(others.Rows) > 0 {
		s.add(&fold{Summary: fmt.Sprintf("The other %d pairs", len(others.Rows)), Blocks: []block{{Table: others}}})
	}
	return s, nil
}

func repeatsRow(g experiments.Group) []cell {
	seeds := make([]string, len(g.Runs))
	for i, o := range g.Runs {
		seeds[i] = fmt.Sprint(o.Config.Seed)
	}
	var cosine any
	if !slices.ContainsFunc(g.Runs, func(o run.Outcome) bool { return len(o.Result.Layers) == 0 }) {
		cosine = experiments.Cosine(g.Mean(func(r run.Result) float64 { return r.MeanCosine }))
	}
	return cells(g.Label, strings.Join(seeds, ", "), experiments.Points(g.Mean(experiments.Top1)), g.AccuracyInterval(),
		experiments.Points(g.Mean(func(r run.Result) float64 { return r.Top5Pct })), fmt.Sprintf("%.4f", g.Mean(func(r run.Result) float64 { return r.Loss })), cosine)
}

// comparisons has every kind against the first one, and then all other pairs.
func (r *Report) comparisons() (first, others *table, err error) {
	heads := columns("first", "against", "pairs#", "difference#", "95 % interval#", "McNemar p#", "verdict~")
	first = &table{Columns: heads, Caption: "Differences in top-1, in percentage points. Pairs share a seed, or the baseline. The interval is over seeds; McNemar's exact test " +
		"is of the predictions, its p the smallest of all pairs times their number. The verdict is the t test's over seeds, or McNemar's for a single pair."}
	others = &table{Columns: heads, Caption: "Differences in top-1 of the other pairs, as above."}
	for i, b := range r.kinds {
		for _, a := range r.kinds[i+1:] {
			row, err := compare(a, b)
			if err != nil {
				return nil, nil, err
			}
			switch {
			case row == nil:
			case i == 0:
				first.Rows = append(first.Rows, row)
			default:
				others.Rows = append(others.Rows, row)
			}
		}
	}
	return first, others, nil
}

// compare is the row of two kinds; nil where nothing can be said.
func compare(a, b *kind) ([]cell, error) {
	if a.truth() == "" || a.truth() != b.truth() {
		return nil, nil
	}
	x, y := beside(a, b)
	d, err := experiments.Compare(x, y)
	if err != nil || d == nil {
		return nil, err
	}
	return cells(a.name, b.name, d.Pairs, experiments.Signed(d.Mean), d.Interval, d.P, d.Verdict), nil
}
