package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/plot"
)

// parts are the images on which an epoch is judged.
var parts = []struct {
	name string
	of   func(finetune.EpochMetrics) *finetune.Scores
}{
	{"training images", func(e finetune.EpochMetrics) *finetune.Scores { return e.Train }},
	{"validation images", func(e finetune.EpochMetrics) *finetune.Scores { return e.Validation }},
	{"test images", func(e finetune.EpochMetrics) *finetune.Scores { return e.Test }},
}

// figuresOfMerit are what an epoch is judged by.
var figuresOfMerit = []struct {
	name, axis string
	of         func(finetune.Scores) float64
}{
	{"Loss", "cross entropy (nats)", func(s finetune.Scores) float64 { return s.Loss }},
	{"Top-1", "top-1 (%)", func(s finetune.Scores) float64 { return s.Top1Pct }},
}

// panelWidth and panelHeight, in inches: readable on a phone.
const panelWidth, panelHeight = 4.6, 3.2

// training has the curves and their numbers.
func (r *Report) training() (s section, err error) {
	s = section{ID: "training", Title: "Training"}
	caption := "Loss and top-1 against epochs. Training images are augmented, and judged while the weights change. Repeats are drawn as their mean, in a " +
		"band from the least to the greatest. Runs that failed are not drawn."
	for _, set := range r.curveSets() {
		for from, to := range shares(len(set.kinds), maxCurves) {
			panels := panelsOf(set.kinds[from:to])
			if len(panels) == 0 {
				continue
			}
			f, err := newFigure(caption+set.caption, panels...)
			if err != nil {
				return s, err
			}
			s.add(f)
			caption = "As above."
		}
	}
	if len(s.Blocks) == 0 {
		s.Text = append(s.Text, "No run was trained, or none has ended its first epoch.")
		return s, nil
	}
	s.add(&fold{Summary: "Every epoch in numbers", Blocks: []block{{Table: r.epochsTable()}}})
	return s, nil
}

// maxCurves is how many kinds of runs one panel has.
const maxCurves = 8

// curveSet is kinds of runs that are drawn together.
type curveSet struct {
	kinds   []*kind
	caption string
}

// curveSets are all kinds that were trained, and those that did not start from random weights for themselves: beside one that did, all others look alike.
// Of many kinds either is drawn for itself.
func (r *Report) curveSets() []curveSet {
	var all, near, random []*kind
	for _, k := range r.kinds {
		switch c := k.config(); {
		case c.Recipe == nil && len(k.runs[0].History) == 0:
			continue
		case c.Recipe != nil && r.atRandom(c):
			random = append(random, k)
		default:
			near = append(near, k)
		}
		all = append(all, k)
	}
	const without = " Without runs that started from random weights."
	switch {
	case len(random) == 0 || len(near) == 0:
		return []curveSet{{kinds: all}}
	case len(all) <= maxCurves:
		return []curveSet{{kinds: all}, {near, without}}
	}
	return []curveSet{{near, without}, {random, " Runs that started from random weights."}}
}

// atRandom tells whether a run, or the one that it goes back to, started from random weights, as far as these runs are in the report.
func (r *Report) atRandom(c run.Config) bool {
	if c.Start.Run == "" {
		return c.Start == run.Start{}
	}
	i := slices.IndexFunc(r.Runs, func(o *Run) bool { return o.Config.ID() == c.Start.Run })
	return i >= 0 && r.atRandom(r.Runs[i].Config)
}

// panelsOf are a panel for loss and one for top-1, for each of the parts that the runs were judged on.
func panelsOf(kinds []*kind) (panels []*plot.Figure) {
	for _, part := range parts {
		for _, m := range figuresOfMerit {
			value := func(e finetune.EpochMetrics) (float64, bool) {
				if scores := part.of(e); scores != nil {
					return m.of(*scores), true
				}
				return 0, false
			}
			if series := curves(kinds, value); len(series) > 0 {
				extra := 0.2 * float64(len(series)/3) // for the legend
				panels = append(panels, plot.Lines(m.name+" on the "+part.name, "epoch", m.axis, series...).Resized(panelWidth, panelHeight+extra))
			}
		}
	}
	return panels
}

// value is a figure of an epoch, and whether the epoch has it.
type value func(finetune.EpochMetrics) (float64, bool)

// curves are those of a figure: one for each kind, and one for each run that is not done. Runs that failed are not drawn.
func curves(kinds []*kind, of value) (series []plot.Series) {
	for _, k := range kinds {
		var done []finetune.History
		var open []plot.Series
		for _, o := range k.runs {
			switch o.Status.State {
			case run.Done:
				done = append(done, o.History)
			case run.Failed: // its last loss may dwarf all others
			default:
				if s := curve(fmt.Sprintf("%s (%s)", o.Name, o.Status.State), []finetune.History{o.History}, of); len(s.Y) > 0 {
					open = append(open, s)
				}
			}
		}
		if s := curve(k.name, done, of); len(s.Y) > 0 {
			series = append(series, s)
		}
		series = append(series, open...)
	}
	return series
}

// curve is the mean of repeats, epoch by epoch, between the least and the greatest of them.
func curve(name string, repeats []finetune.History, of value) plot.Series {
	s := plot.Series{Name: name}
	for i := 0; ; i++ {
		var sum, n float64
		epoch, low, high := 0, math.Inf(1), math.Inf(-1)
		for _, history := range repeats {
			if i >= len(history) {
				continue
			}
			if y, ok := of(history[i]); ok {
				epoch = history[i].Epoch
				sum, n, low, high = sum+y, n+1, min(low, y), max(high, y)
			}
		}
		if n == 0 {
			break
		}
		mean := min(max(sum/n, low), high) // rounding must not carry it outside
		s.X, s.Y = append(s.X, float64(epoch)), append(s.Y, mean)
		s.Low, s.High = append(s.Low, low), append(s.High, high)
	}
	if len(repeats) < 2 {
		s.Low, s.High = nil, nil
	}
	return s
}

func (r *Report) epochsTable() *table {
	t := &table{Caption: "Metrics of every epoch; the learning rate is that at its end.",
		Columns: columns("run", "epoch#", "learning rate#")}
	for _, part := range parts {
		t.Columns = append(t.Columns, columns("loss, "+part.name+"#", "top-1 %, "+part.name+"#")...)
	}
	t.Columns = append(t.Columns, columns("training images/s#")...)
	for _, o := range r.Runs {
		for _, e := range o.History {
			row := cells(o.Name, e.Epoch, fmt.Sprintf("%.3g", e.Rate))
			for _, part := range parts {
				if scores := part.of(e); scores != nil {
					row = append(row, cells(fmt.Sprintf("%.4f", scores.Loss), fmt.Sprintf("%.2f", scores.Top1Pct))...)
				} else {
					row = append(row, cells("", "")...)
				}
			}
			t.Rows = append(t.Rows, append(row, cells(fmt.Sprintf("%.0f", e.ImagesPerSec))...))
		}
	}
	return t.withoutEmpty()
}
