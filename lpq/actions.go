package lpq

import (
	"context"
	"fmt"
	"runtime"

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
	Batch      int          // images of a batch; 0: models.BatchFor
	Workers    int          // batches that are loaded at the same time; 0: one for each CPU. It does not change the result
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
	calibration := models.CalibrateOptions{Choice: options.Choice, Batches: options.Batches, Batch: options.Batch,
		Seed: options.Seed, Augment: options.Augment, Workers: workers(options.Workers)}
	if scheme.ActivationBits != quant.Float || options.ReestimateBatches > 0 { // else nothing is to be done
		progress := notebook.NewProgressIn(ctx, fmt.Sprintf("calibrate %s %s", m.Network.Name, scheme))
		defer progress.Close()
		calibration.Progress = func(done, total int) { progress.Update(done, total, "") }
	}
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

// workers is the number of loader threads to use.
func workers(wanted int) int {
	if wanted == 0 {
		return runtime.GOMAXPROCS(0)
	}
	return wanted
}

// Evaluate runs the model over a data set.
func Evaluate(ctx context.Context, m *Model, set data.Dataset) (models.Result, error) {
	return EvaluateWith(ctx, m, set, models.EvaluateOptions{})
}

// EvaluateWith is Evaluate with settings, of which Workers 0 means one for each CPU.
func EvaluateWith(ctx context.Context, m *Model, set data.Dataset, options models.EvaluateOptions) (models.Result, error) {
	progress := notebook.NewProgressIn(ctx, fmt.Sprintf("evaluate %s %s", m.Network.Name, m.Scheme()))
	defer progress.Close()
	options.Workers = workers(options.Workers)
	observer := options.Progress
	options.Progress = func(done, total int) {
		progress.Update(done, total, "")
		if observer != nil {
			observer(done, total)
		}
	}
	return m.Evaluate(ctx, set, options)
}

// GradientNoise is [analysis.GradientNoise], and shows how far it is.
func GradientNoise(ctx context.Context, m *Model, train data.Dataset, schemes []quant.Scheme, options analysis.GradientOptions) ([]analysis.Noise, error) {
	progress := notebook.NewProgressIn(ctx, "gradients "+m.Network.Name)
	defer progress.Close()
	observer := options.Progress
	options.Progress = func(done, total int) {
		progress.Update(done, total, "batches")
		if observer != nil {
			observer(done, total)
		}
	}
	return analysis.GradientNoise(ctx, m, train, schemes, options)
}

// FineTune trains the model by options.Recipe, as it is for these data (Recipe.For), and shows what every epoch gave, in a notebook also the loss as a
// curve. An Observer in the options is called too. With a folder and options.Resume, a run that is there goes on. options.Workers 0 means one for each CPU.
func FineTune(ctx context.Context, m *Model, sets Sets, options finetune.Options) (finetune.History, error) {
	progress := notebook.NewProgressIn(ctx, fmt.Sprintf("train %s %s", m.Network.Name, options.Recipe.Scheme))
	defer progress.Close()
	if sets.Train != nil { // else Run says so
		options.Recipe = options.Recipe.For(sets.Train)
	}
	options.Workers = workers(options.Workers)
	curve := newLossCurve(m.Network.Name, options.Recipe)
	progress.Figure(curve.figure)
	observer := options.Observer
	options.Observer = finetune.Observer{
		Step: func(p finetune.Progress) {
			curve.step(p)
			progress.Update(p.Step, p.Steps, fmt.Sprintf("epoch %d/%d · loss %.3f · top-1 %.1f %% · %s",
				p.Epoch, p.Epochs, p.Loss, p.Top1Pct, describeSpeed(p.ImagesPerSec, p.LoaderPerSec)))
			if observer.Step != nil {
				observer.Step(p)
			}
		},
		Epoch: func(e finetune.EpochMetrics) {
			curve.epoch(e)
			progress.Log(describeEpoch(e))
			if observer.Epoch != nil {
				observer.Epoch(e)
			}
		},
	}
	return finetune.Run(ctx, m, sets, options)
}

// describeSpeed sets training beside what its loader could give where that is little more: where they are about the same, training waits for the loader.
func describeSpeed(training, loader float64) string {
	const near = 3
	speed := describeRate(training) + " images/s"
	if loader > 0 && loader < near*training {
		speed += fmt.Sprintf(" (loader %s)", describeRate(loader))
	}
	return speed
}

func describeRate(perSec float64) string {
	if perSec < 10 { // large networks on a CPU
		return fmt.Sprintf("%.1f", perSec)
	}
	return fmt.Sprintf("%.0f", perSec)
}

// describeEpoch is one line of an epoch's figures.
func describeEpoch(e finetune.EpochMetrics) string {
	line := fmt.Sprintf("epoch %d: train loss %.4f, top-1 %.2f %%, %s", e.Epoch, e.Train.Loss, e.Train.Top1Pct, describeSpeed(e.ImagesPerSec, e.LoaderPerSec))
	if e.Validation != nil {
		line += fmt.Sprintf("; validation top-1 %.2f %%", e.Validation.Top1Pct)
	}
	if e.Test != nil {
		line += fmt.Sprintf("; test top-1 %.2f %%", e.Test.Top1Pct)
	}
	return line
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
