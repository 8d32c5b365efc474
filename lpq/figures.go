package lpq

import (
	"strings"

	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/plot"
)

// Comparison is the weight similarity of a network under a name for the legend.
type Comparison struct {
	Name   string
	Layers []analysis.Layer
}

// SimilarityFigure shows the cosine similarity of weights layer by layer, one line for each comparison. All must have the same layers.
func SimilarityFigure(title string, comparisons ...Comparison) *plot.Figure {
	var names []string
	var series []plot.Series
	for i, c := range comparisons {
		s := plot.Series{Name: c.Name}
		for _, l := range c.Layers {
			s.Y = append(s.Y, l.Cosine)
			if i == 0 {
				names = append(names, strings.TrimSuffix(l.Name, ".weight"))
			}
		}
		series = append(series, s)
	}
	return plot.Similarity(title, names, series...)
}
