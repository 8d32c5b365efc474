package experiments

import (
	"github.com/lowprec/lpnets/lpq/plot"
)

// Bar is a place in a figure of accuracies: a label, under a name.
type Bar struct{ Label, Name string }

// AccuracyBars draws mean accuracies over seeds with their intervals: a group of bars for each label, a colour for each network that has a baseline. A label that
// some network has no finished run of is left out; nil where all are.
func AccuracyBars(title string, groups []Group, bars []Bar) *plot.Figure {
	networks := Baselines(groups)
	series := make([]plot.Series, len(networks))
	var names []string
	for _, bar := range bars {
		found := make([]Group, len(networks))
		complete := len(networks) > 0
		for i, b := range networks {
			found[i] = Find(groups, b.Network, bar.Label)
			complete = complete && len(found[i].Runs) > 0
		}
		if !complete {
			continue
		}
		names = append(names, bar.Name)
		for i, g := range found {
			y, low, high := g.whisker()
			s := &series[i]
			s.Name, s.Y, s.Low, s.High = g.Network, append(s.Y, y), append(s.Low, low), append(s.High, high)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return plot.Bars(title, "top-1 (%)", names, series...)
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
