package lpq

import (
	"fmt"
	"strings"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/plot"
	"github.com/lowprec/lpnets/lpq/quant"
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

// WeightFigure is the histogram of a layer's float weights with the grid that the model's precision leaves of them. It returns an error if the
// model has no such layer, the layer's weights stay float, or each of its channels has a grid of its own.
func WeightFigure(m *Model, layer string) (*plot.Figure, error) {
	file, err := m.File()
	if err != nil {
		return nil, err
	}
	exponents, err := m.WeightExponents()
	if err != nil {
		return nil, err
	}
	for _, site := range m.Weights() {
		if site.Name != layer {
			continue
		}
		if len(exponents[layer]) != 1 {
			return nil, errors.Errorf("%s in %s has %d grids, a figure shows one", layer, m.Scheme(), len(exponents[layer]))
		}
		tensor, _ := file.Lookup(layer)
		values, err := tensor.Float32s()
		if err != nil {
			return nil, err
		}
		f := quant.Format{Bits: m.Scheme().Weights(site.Edge), Signed: quant.Signed, Exponent: exponents[layer][0]}
		title := fmt.Sprintf("%s, %d weights, and its %d-bit grid", layer, len(values), f.Bits)
		return plot.Histogram(title, "weight", values, grid(f)), nil
	}
	return nil, errors.Errorf("network %s has no layer %q", m.Network.Name, layer)
}

// grid is every value of a format.
func grid(f quant.Format) (values []float64) {
	for code := f.Min(); code <= f.Max(); code++ {
		values = append(values, float64(f.Dequantize(code)))
	}
	return values
}
