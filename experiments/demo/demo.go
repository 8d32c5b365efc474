// Package demo is the method in a minute: the built-in network, quantized to 8 and 4 bits, before and after fine-tuning, on the built-in
// images. Nothing is fetched.
//
//	report, err := demo.Run(ctx, engine, demo.Options{Dir: "runs/demo"})
//	report.Print(os.Stdout)
package demo

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/gomlx/compute"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/builtin"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/plot"
)

// Options of the demonstration.
type Options struct {
	Dir    string // for checkpoints and figures
	Seed   uint64
	Images int // to train on, the first of the built-in ones; 0 means all 10,000
}

// Row is one network of the demonstration.
type Row struct {
	Precision  string     `json:"precision"`
	Stage      string     `json:"stage"`
	Images     int        `json:"images"`
	Top1Pct    float64    `json:"top1_pct"`
	Top1CI95   [2]float64 `json:"top1_ci95_pct"`
	MeanCosine float64    `json:"mean_cosine"` // of the float weights, to the pretrained network
	SizeBytes  int        `json:"size_bytes"`
}

// Report is what the demonstration found.
type Report struct {
	Rows    []Row    `json:"rows"`
	Figures []string `json:"figures"`
}

// Stages of a network.
const (
	Pretrained     = "pretrained"
	QuantizedPaper = "quantized, paper's exponents" // weights by the maximum, activations by the percentile
	Quantized      = "quantized"                    // as the recipe says
	FineTuned      = "fine-tuned"
)

// precisions are the demonstration's, each with the recipe that fine-tunes it.
var precisions = []struct{ name, recipe string }{
	{"w8a8", "demo8"},
	{"w4a4", "demo4"},
}

// Run quantizes, fine-tunes and evaluates, and writes two figures. Interrupted, it goes on where it was when it is run again with the
// same folder and seed.
func Run(ctx context.Context, engine compute.Backend, options Options) (Report, error) {
	var report Report
	sets, err := lpq.LoadData(lpq.BuiltIn, lpq.DataOptions{})
	if err != nil {
		return report, err
	}
	switch all := sets.Train.Len(); {
	case options.Images < 0 || options.Images > all:
		return report, errors.Errorf("%d images to train on; there are %d", options.Images, all)
	case options.Images > 0:
		sets.Train = data.Head(sets.Train, options.Images)
	}
	float, err := lpq.LoadModel(engine, builtin.Network, lpq.BuiltIn)
	if err != nil {
		return report, err
	}
	if err := report.Add(ctx, float, float, Pretrained, sets); err != nil {
		return report, err
	}
	var comparisons []lpq.Comparison
	for _, p := range precisions {
		tuned, err := report.precision(ctx, float, p.name, p.recipe, sets, options)
		if err != nil {
			return report, errors.WithMessagef(err, "%s", p.name)
		}
		layers, err := lpq.Compare(float, tuned)
		if err != nil {
			return report, err
		}
		comparisons = append(comparisons, lpq.Comparison{Name: p.name + " " + FineTuned, Layers: layers})
	}
	return report, report.draw(options.Dir, comparisons)
}

// precision adds the rows of one precision, before and after fine-tuning, and returns the fine-tuned network.
func (r *Report) precision(ctx context.Context, float *lpq.Model, precision, recipeName string, sets lpq.Sets, options Options) (*lpq.Model, error) {
	recipe, err := finetune.Get(recipeName)
	if err != nil {
		return nil, err
	}
	quantization := lpq.QuantizeOptions{Seed: options.Seed, Augment: recipe.Augment}
	if recipe.WeightRule != "" { // not the paper's, which is shown too
		paper, err := lpq.Quantize(ctx, float, precision, sets.Train, quantization)
		if err != nil {
			return nil, err
		}
		if err := r.Add(ctx, float, paper, QuantizedPaper, sets); err != nil {
			return nil, err
		}
	}
	quantization.WeightRule, quantization.Choice = recipe.WeightRule, recipe.Calibration
	low, err := lpq.Quantize(ctx, float, precision, sets.Train, quantization)
	if err != nil {
		return nil, err
	}
	if err := r.Add(ctx, float, low, Quantized, sets); err != nil {
		return nil, err
	}
	_, err = lpq.FineTune(ctx, low, lpq.Sets{Train: sets.Train}, finetune.Options{
		Recipe: recipe, Seed: options.Seed, Dir: filepath.Join(options.Dir, precision), Resume: true})
	if err != nil {
		return nil, err
	}
	return low, r.Add(ctx, float, low, FineTuned, sets)
}

// Add evaluates a network, compares it with the float one it came from, and adds its row.
func (r *Report) Add(ctx context.Context, float, m *lpq.Model, stage string, sets lpq.Sets) error {
	result, err := lpq.Evaluate(ctx, m, sets.Test)
	if err != nil {
		return err
	}
	layers, err := lpq.Compare(float, m)
	if err != nil {
		return err
	}
	lo, hi := analysis.Wilson(result.Top1, result.Images)
	r.Rows = append(r.Rows, Row{
		Precision: m.Scheme().String(), Stage: stage, Images: result.Images,
		Top1Pct: result.Top1Pct(), Top1CI95: [2]float64{100 * lo, 100 * hi},
		MeanCosine: analysis.MeanCosine(layers), SizeBytes: m.SizeBytes(),
	})
	return nil
}

// draw writes the figures.
func (r *Report) draw(dir string, comparisons []lpq.Comparison) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return errors.Wrap(err, "folder of the demonstration")
	}
	for name, figure := range map[string]*plot.Figure{
		"similarity.png": lpq.SimilarityFigure("Weights after fine-tuning against the pretrained ones", comparisons...),
		"accuracy.png":   AccuracyFigure(r.Rows),
	} {
		path := filepath.Join(dir, name)
		if err := figure.Save(path); err != nil {
			return err
		}
		r.Figures = append(r.Figures, path)
	}
	return nil
}

// AccuracyFigure shows the rows as bars with their confidence intervals.
func AccuracyFigure(rows []Row) *plot.Figure {
	var series plot.Series
	var labels []string
	for _, row := range rows {
		labels = append(labels, row.Precision+" "+row.Stage)
		series.Y = append(series.Y, row.Top1Pct)
		series.Low = append(series.Low, row.Top1CI95[0])
		series.High = append(series.High, row.Top1CI95[1])
	}
	return plot.Bars("Accuracy on the built-in test images", "top-1 (%)", labels, series)
}

// Header of the rows as a table.
var Header = []string{"precision", "stage", "top-1 %", "95 % interval", "mean cosine", "bytes"}

// Cells are the rows as text, under Header.
func Cells(rows []Row) (cells [][]string) {
	for _, r := range rows {
		cells = append(cells, []string{r.Precision, r.Stage, fmt.Sprintf("%.2f", r.Top1Pct),
			fmt.Sprintf("%.2f to %.2f", r.Top1CI95[0], r.Top1CI95[1]), fmt.Sprintf("%.4f", r.MeanCosine), fmt.Sprint(r.SizeBytes)})
	}
	return cells
}

// Print writes the report as a table.
func (r Report) Print(w io.Writer) {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, cells := range append([][]string{Header}, Cells(r.Rows)...) {
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	_ = table.Flush() // w is for people to read; there is nobody to tell
	for _, path := range r.Figures {
		fmt.Fprintf(w, "figure: %s\n", path)
	}
}
