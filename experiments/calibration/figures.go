package calibration

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/calib"
	"github.com/lowprec/lpnets/lpq/plot"
	"github.com/lowprec/lpnets/lpq/quant"
)

// figures show what was measured of the quantized networks.
func (m measured) figures() (figures []experiments.Figure) {
	for _, precision := range precisions {
		if len(m.chosen(precision, quant.RuleMax, false)) > 0 {
			figures = append(figures, experiments.Figure{Name: m.Config.Network + "-ptq-" + precision, Figure: m.bars(precision)})
		}
	}
	if figure := m.ranges(); figure != nil {
		figures = append(figures, experiments.Figure{Name: m.Config.Network + "-range", Figure: figure})
	}
	return figures
}

// bars have a group for each choice of the activations, and a colour for the weights' rule and the statistics.
func (m measured) bars(precision string) *plot.Figure {
	var groups []string
	for _, p := range m.chosen(precision, quant.RuleMax, false) {
		groups = append(groups, spoken(p.Activations))
	}
	var series []plot.Series
	for _, reestimated := range []bool{false, true} {
		for _, rule := range rules {
			s := plot.Series{Name: "weights by " + string(rule)}
			if reestimated {
				s.Name += ", statistics re-estimated"
			}
			for _, p := range m.chosen(precision, rule, reestimated) {
				s.Y = append(s.Y, p.Top1Pct)
			}
			if len(s.Y) == len(groups) {
				series = append(series, s)
			}
		}
	}
	const width, height = 8, 4 // inches: a little wider than others, for the values above the bars
	return plot.Bars(fmt.Sprintf("%s in %s, not fine-tuned, by the activations' ranges (fp32: %.2f %%)", m.Config.Network, precision, m.Result.Top1Pct),
		"top-1 (%)", groups, series...).Resized(width, height)
}

// spoken is a choice in words that a figure can break into lines.
func spoken(c calib.Choice) string { return strings.ReplaceAll(nameOf(c), "-", " ") }

// ranges are the accuracies against the activations' range: all ranges shifted alike, and those of the percentiles.
func (m measured) ranges() *plot.Figure {
	var lines []plot.Series
	for _, precision := range precisions {
		percentiles := m.of(precision, func(p Point) bool {
			return p.Shift == 0 && p.Weights == quant.RuleMax && p.Activations != leastSquares && !p.Reestimated
		})
		slices.Reverse(percentiles) // from narrow to wide
		for _, line := range []struct {
			name   string
			points []Point
		}{{precision + ", the maximum's, all shifted", m.shifts(precision)}, {precision + ", percentiles 99 to 100", percentiles}} {
			s := plot.Series{Name: line.name}
			for _, p := range line.points {
				s.X, s.Y = append(s.X, math.Log2(p.RelativeRange)), append(s.Y, p.Top1Pct)
			}
			if len(s.Y) > 0 {
				lines = append(lines, s)
			}
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return plot.Lines(fmt.Sprintf("%s, not fine-tuned: accuracy against the activations' range (fp32: %.2f %%)", m.Config.Network, m.Result.Top1Pct),
		"range relative to the maximum's (octaves, mean over activations)", "top-1 (%)", lines...)
}

// faqFigure has a group of bars for each variant that was trained and a colour for each network; nil where nothing was.
func faqFigure(groups []experiments.Group) *experiments.Figure {
	var networks []string
	for _, g := range groups {
		if g.Label == experiments.BaselineLabel {
			networks = append(networks, g.Network)
		}
	}
	series := make([]plot.Series, len(networks))
	var names []string
	for _, bar := range faqBars() {
		trained := make([]experiments.Group, len(networks))
		complete := len(networks) > 0
		for i, network := range networks {
			trained[i] = experiments.Find(groups, network, bar.label)
			complete = complete && len(trained[i].Runs) > 0
		}
		if !complete {
			continue
		}
		names = append(names, bar.name)
		for i, g := range trained {
			y, low, high := accuracy(g)
			s := &series[i]
			s.Name, s.Y, s.Low, s.High = g.Network, append(s.Y, y), append(s.Low, low), append(s.High, high)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return &experiments.Figure{Name: "faq", Figure: plot.Bars("Fine-tuned to 4 bits, by what found the exponents (weights / activations)", "top-1 (%)", names, series...)}
}

type faqBar struct{ label, name string }

// faqBars are the groups that there can be, from left to right.
func faqBars() []faqBar {
	all := []faqBar{{experiments.BaselineLabel, "fp32 baseline"}, {controlLabel, "fp32 control"}}
	for _, v := range variants {
		all = append(all, faqBar{v.label, string(v.weights) + " / " + spoken(v.activations)})
	}
	return all
}

// accuracy is the mean over seeds with its interval, which is no wider than a single value where there is one.
func accuracy(g experiments.Group) (mean, low, high float64) {
	mean = g.Mean(experiments.Top1)
	interval, err := analysis.MeanInterval(g.Values(experiments.Top1))
	if err != nil {
		return mean, mean, mean // too few
	}
	return mean, min(interval.Low, mean), max(interval.High, mean)
}
