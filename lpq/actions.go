package lpq

import (
	"context"
	"fmt"

	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/calib"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/notebook"
	"github.com/lowprec/lpnets/lpq/quant"
)

// QuantizeOptions has the settings of Quantize; the zero value is the paper's.
type QuantizeOptions struct {
	WeightRule quant.Rule   // exponents of the weights; empty: the maximum
	Choice     calib.Choice // ranges of the activations; zero: the 99.99 percentile
	Batches    int          // of calibration; 0: five
	Batch      int          // images of a batch; 0: 128
	Seed       uint64       // which training images are drawn
	Augment    data.Augment // of the training images
	// ReestimateBatches, where positive, is on how many training batches batch-norm statistics are estimated anew after quantization.
	ReestimateBatches int
}

// Quantize returns a copy of the model in another precision, such as "w4a4", calibrated on training data, without fine-tuning. The model itself
// stays as it is.
func Quantize(ctx context.Context, m *Model, precision string, train data.Dataset, options QuantizeOptions) (*Model, error) {
	scheme, err := quant.ParseScheme(precision)
	if err != nil {
		return nil, err
	}
	scheme.WeightRule = options.WeightRule
	low, err := m.Clone()
	if err != nil {
		return nil, err
	}
	if err := low.SetScheme(scheme); err != nil {
		return nil, err
	}
	progress := meter{label: "calibrate " + precision}
	defer progress.close()
	calibration := models.CalibrateOptions{Choice: options.Choice, Batches: options.Batches, Batch: options.Batch,
		Seed: options.Seed, Augment: options.Augment,
		Progress: func(done, total int) { progress.update(done, total, "batches") }}
	if err := low.Calibrate(ctx, train, calibration); err != nil {
		return nil, err
	}
	if options.ReestimateBatches > 0 {
		if err := low.Reestimate(ctx, train, options.ReestimateBatches, calibration); err != nil {
			return nil, err
		}
	}
	return low, nil
}

// Evaluate runs the model over a data set.
func Evaluate(ctx context.Context, m *Model, set data.Dataset) (models.Result, error) {
	progress := meter{label: fmt.Sprintf("evaluate %s %s", m.Network.Name, m.Scheme())}
	defer progress.close()
	return m.Evaluate(ctx, set, models.EvaluateOptions{Progress: func(done, total int) { progress.update(done, total, "images") }})
}

// FineTune trains the model by options.Recipe. An Observer in the options is called too. With a folder, a run that is there goes on.
func FineTune(ctx context.Context, m *Model, sets Sets, options finetune.Options) (finetune.History, error) {
	progress := meter{label: fmt.Sprintf("train %s %s", m.Network.Name, options.Recipe.Scheme)}
	defer progress.close()
	observer := options.Observer
	options.Observer.Step = func(p finetune.Progress) {
		progress.update(p.Step, p.Steps, fmt.Sprintf("epoch %d/%d  loss %.3f  top-1 %.1f %%  %.0f images/s", p.Epoch, p.Epochs, p.Loss, p.Top1Pct, p.ImagesPerSec))
		if observer.Step != nil {
			observer.Step(p)
		}
	}
	return finetune.Run(ctx, m, sets, options)
}

// Compare is the cosine similarity of two models' float weights, layer by layer.
func Compare(a, b *Model) ([]analysis.Layer, error) {
	fa, err := a.File()
	if err != nil {
		return nil, err
	}
	fb, err := b.File()
	if err != nil {
		return nil, err
	}
	return analysis.Similarity(fa, fb)
}

// meter is a progress line that learns its total from the first report.
type meter struct {
	label string
	line  *notebook.Progress
}

func (m *meter) update(done, total int, note string) {
	if m.line == nil {
		m.line = notebook.NewProgress(m.label, total)
	}
	m.line.Update(done, note)
}

func (m *meter) close() {
	if m.line != nil {
		m.line.Close()
	}
}
