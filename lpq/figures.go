package lpq

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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

// CurvesFigure is the accuracy of trainings against epochs, read from the folders they are kept in: on test images if all of them have judged every epoch by
// some, else on validation images, else on augmented training images; the axis says which. An experiment's run is called by its label and seed, another
// training by its folder.
func CurvesFigure(title string, dirs ...string) (*plot.Figure, error) {
	series, histories := make([]plot.Series, len(dirs)), make([]finetune.History, len(dirs))
	for i, dir := range dirs {
		var err error
		if histories[i], err = finetune.ReadHistory(dir); err != nil {
			return nil, err
		}
		if series[i].Name, err = runName(dir); err != nil {
			return nil, err
		}
	}
	images := judge(slices.Concat(histories...))
	for i, history := range histories {
		for _, e := range history {
			series[i].X, series[i].Y = append(series[i].X, float64(e.Epoch)), append(series[i].Y, images.scores(e).Top1Pct)
		}
	}
	return plot.Lines(title, "epoch", fmt.Sprintf("top-1 on %s images (%%)", images.name), series...), nil
}

// judged is a kind of images, and an epoch's scores on them; nil where it has none.
type judged struct {
	name   string
	scores func(finetune.EpochMetrics) *finetune.Scores
}

// judges are those by which an epoch may be judged, the best first. The last are always there.
var judges = []judged{
	{"test", func(e finetune.EpochMetrics) *finetune.Scores { return e.Test }},
	{"validation", func(e finetune.EpochMetrics) *finetune.Scores { return e.Validation }},
	{"augmented training", func(e finetune.EpochMetrics) *finetune.Scores { return e.Train }},
}

// judge is the best judge that all epochs have.
func judge(all finetune.History) judged {
	return judges[slices.IndexFunc(judges, func(j judged) bool {
		return !slices.ContainsFunc(all, func(e finetune.EpochMetrics) bool { return j.scores(e) == nil })
	})]
}

// runName is what a training in a folder is called. Package run, which writes configurations, stands above this one.
func runName(dir string) (string, error) {
	path := filepath.Join(dir, "config.json")
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return filepath.Base(dir), nil
	}
	var config struct {
		Label string
		Seed  uint64
	}
	if err == nil {
		err = json.Unmarshal(text, &config)
	}
	return fmt.Sprintf("%s, seed %d", config.Label, config.Seed), errors.Wrapf(err, "reading %s", path)
}

// grid is every value of a format.
func grid(f quant.Format) (values []float64) {
	for code := f.Min(); code <= f.Max(); code++ {
		values = append(values, float64(f.Dequantize(code)))
	}
	return values
}
