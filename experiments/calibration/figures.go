package calibration

import (
	"fmt"
	"math"
	"slices"

	"github.com/lowprec/lpnets/experiments"
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
		groups = append(groups, p.Activations.String())
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

// faqFigure has a group of bars for each variant that was trained; nil where nothing was.
func faqFigure(groups []experiments.Group) *plot.Figure {
	bars := []experiments.Bar{{Label: experiments.BaselineLabel, Name: "fp32 baseline"}, {Label: controlLabel, Name: "fp32 control"}}
	for _, v := range variants {
		bars = append(bars, experiments.Bar{Label: v.label, Name: string(v.weights) + " / " + v.activations.String()})
	}
	return experiments.AccuracyBars("Fine-tuned to 4 bits, by what found the exponents (weights / activations)", groups, bars)
}
