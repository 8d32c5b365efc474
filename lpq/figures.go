package lpq

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/plot"
	"github.com/lowprec/lpnets/lpq/quant"
	"github.com/lowprec/lpnets/lpq/weights"
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

// ActivationFigure is the histogram of an activation of the float network, on a batch of training images, with the grid that the model's precision
// and calibration leave of it. It returns an error if the model has no such activation, or it stays float.
func ActivationFigure(ctx context.Context, m *Model, train data.Dataset, activation string) (*plot.Figure, error) {
	site, err := m.Activation(activation)
	if err != nil {
		return nil, err
	}
	exponents, err := m.Exponents()
	if err != nil {
		return nil, err
	}
	exponent, ok := exponents[activation]
	if !ok {
		return nil, errors.Errorf("%s in %s has no grid: quantize the network first", activation, m.Scheme())
	}
	values, err := m.Values(ctx, train, activation, models.CalibrateOptions{})
	if err != nil {
		return nil, err
	}
	f := quant.Format{Bits: m.Scheme().Activations(site.Edge), Signed: site.Signed, Exponent: exponent}
	title := fmt.Sprintf("%s, %d values, and its %d-bit grid", activation, len(values), f.Bits)
	return plot.Histogram(title, "activation", values, grid(f)), nil
}

// CompareFiles is the cosine similarity of the weights in two weight files, layer by layer.
func CompareFiles(name, a, b string) (Comparison, error) {
	var files [2]*weights.File
	for i, path := range []string{a, b} {
		var err error
		if files[i], err = ReadWeights(path); err != nil {
			return Comparison{}, err
		}
	}
	layers, err := analysis.Similarity(files[0], files[1])
	return Comparison{Name: name, Layers: layers}, errors.WithMessagef(err, "%s and %s", a, b)
}

// CurvesFigure is the accuracy of trainings against epochs, read from the folders they are kept in: on test images, or on validation or augmented training
// images where the runs had no others.
func CurvesFigure(title string, dirs ...string) (*plot.Figure, error) {
	var series []plot.Series
	for _, dir := range dirs {
		history, err := finetune.ReadHistory(dir)
		if err != nil {
			return nil, err
		}
		s := plot.Series{Name: filepath.Base(dir)}
		for _, e := range history {
			scores := cmp.Or(e.Test, e.Validation, e.Train)
			s.X, s.Y = append(s.X, float64(e.Epoch)), append(s.Y, scores.Top1Pct)
		}
		series = append(series, s)
	}
	return plot.Lines(title, "epoch", "top-1 (%)", series...), nil
}

// grid is every value of a format.
func grid(f quant.Format) (values []float64) {
	for code := f.Min(); code <= f.Max(); code++ {
		values = append(values, float64(f.Dequantize(code)))
	}
	return values
}
