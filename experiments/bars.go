package experiments

import (
	"slices"

	"github.com/lowprec/lpnets/lpq/plot"
)

// Bar is a place in a figure of accuracies: a label, under a name.
type Bar struct{ Label, Name string }

// AccuracyBars draws mean accuracies over seeds with their 95 % t intervals: a group of bars for each label that the first network with a baseline has finished runs of, a
// colour for each network that has them all; nil where there is none. (Sweeps do one network after the other.)
func AccuracyBars(title string, groups []Group, bars []Bar) *plot.Figure {
	networks := Baselines(groups)
	if len(networks) == 0 {
		return nil
	}
	bars = slices.DeleteFunc(slices.Clone(bars), func(b Bar) bool { return len(Find(groups, networks[0].Network, b.Label).Runs) == 0 })
	if len(bars) == 0 {
		return nil
	}
	names := make([]string, len(bars))
	for i, b := range bars {
		names[i] = b.Name
	}
	var series []plot.Series
	for _, n := range networks {
		if s := barsOf(n.Network, groups, bars); len(s.Y) == len(bars) {
			series = append(series, s)
		}
	}
	return plot.Bars(title, "top-1 (%)", names, series...)
}

// barsOf are a network's bars, without those of which it has no finished run.
func barsOf(network string, groups []Group, bars []Bar) plot.Series {
	s := plot.Series{Name: network}
	for _, bar := range bars {
		if g := Find(groups, network, bar.Label); len(g.Runs) > 0 {
			y, low, high := g.whisker()
			s.Y, s.Low, s.High = append(s.Y, y), append(s.Low, low), append(s.High, high)
		}
	}
	return s
}

// whisker is the mean over seeds with its interval, which is no wider than a single value where there is one.
func (g Group) whisker() (mean, low, high float64) {
	mean = g.Mean(Top1)
	interval, err := g.accuracy()
	if err != nil {
		return mean, mean, mean // too few
	}
	return mean, min(interval.Low, mean), max(interval.High, mean)
}
