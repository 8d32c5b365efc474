package analysis

import (
	"context"
	"math/bits"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/calib"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/quant"
)

// DefaultGradientBatches is the number of batches of GradientNoise where nothing else is said.
const DefaultGradientBatches = 16

// GradientOptions has the settings of GradientNoise; the zero value is ready.
type GradientOptions struct {
	Batches int // a power of two, 2 or more; 0 means DefaultGradientBatches
	Batch   int // images of a batch; 0 means models.DefaultBatch. Never more than the data set has
	Seed    uint64
	Augment data.Augment
	// Choice is how the ranges of activations are chosen. A scheme with the model's own activation bits keeps the ranges that the model has.
	Choice calib.Choice
	// All measures biases and the parameters of batch normalization too, all that is trained, as further layers. Default: the weights of
	// convolutions and dense layers alone.
	All bool
	// Progress is called after every batch; may be nil.
	Progress func(done, total int)
}

// Noise is the gradient noise of a network in one precision.
type Noise struct {
	Scheme   quant.Scheme `json:"scheme"`
	Averaged []int        `json:"averaged"` // numbers of batches: 1, 2, 4, ..., Batches
	Layers   []LayerNoise `json:"layers"`
	Total    LayerNoise   `json:"total"` // all layers as one vector
}

// LayerNoise is that of one layer. With g the float gradient of a batch, q the gradient in the precision, and means over batches:
type LayerNoise struct {
	Name string `json:"name"` // of the weight tensor
	Size int    `json:"size"` // number of weights
	// Cosine of q with g, both averaged over the same Noise.Averaged[i] batches; the mean over the Batches/Averaged[i] groups of so many.
	// A gradient of zeros has cosine 0 with any other.
	Cosine []float64 `json:"cosine"`
	// Variance is the trace of the covariance of q, divisor Batches-1: how far the gradient of one batch lies from the mean, squared.
	Variance float64 `json:"variance"`
	// SquaredNorm is that of the mean of q over all data. It is an unbiased estimate, ||mean||^2 - Variance/Batches, and may come out
	// negative where noise drowns the gradient.
	SquaredNorm float64 `json:"squared_norm"`
	// SquaredError is the mean of ||q - g||^2: what quantization adds.
	SquaredError float64 `json:"squared_error"`
	// SquaredBias is the part of SquaredError that averaging over batches does not remove, ||mean(q - g)||^2; unbiased, as SquaredNorm.
	SquaredBias float64 `json:"squared_bias"`
}

// SignalToNoise is SquaredNorm/Variance for the gradient of one batch, a power ratio; 0 where no signal is seen. Averages over k batches
// have k times as much. It is +Inf, or 0, if the batches do not differ.
func (l LayerNoise) SignalToNoise() float64 {
	signal := max(l.SquaredNorm, 0)
	if signal == 0 {
		return 0
	}
	return signal / l.Variance
}

// GradientNoise compares the gradients of the loss with respect to the layers' weights in float and in other precisions, on the same float
// weights and the same training batches ("FAQ", section 1 and figure 2). The first result is the float network, then one for each scheme.
//
// All precisions are differentiated as in training: batch normalization uses the statistics of the batch, and the gradient flows through
// them; quantizers pass it straight through. Nothing is updated, and m does not change: running statistics, weights and exponents stay, the
// weights' exponents are those of the scheme's rule. Dropout, where a network has it, is off: it would add noise that is not quantization's.
// The result depends on the seed alone.
//
// It takes (1 + log2(Batches)) * (1 + len(schemes)) float64 numbers of memory for each weight.
// It returns an error if the data do not fit, Batches is not a power of two, a scheme cannot be calibrated, or a gradient is not finite.
func GradientNoise(ctx context.Context, m *models.Model, train data.Dataset, schemes []quant.Scheme, options GradientOptions) ([]Noise, error) {
	return gradients(ctx, m, train, append([]quant.Scheme{{}}, schemes...), options)
}

// GradientVariance is the variance of a batch's gradient in one precision: that of GradientNoise's Total, for less, since nothing is compared.
func GradientVariance(ctx context.Context, m *models.Model, train data.Dataset, scheme quant.Scheme, options GradientOptions) (float64, error) {
	noises, err := gradients(ctx, m, train, []quant.Scheme{scheme}, options)
	if err != nil {
		return 0, err
	}
	return noises[0].Total.Variance, nil
}

// gradients compares those of some precisions with that of the first.
func gradients(ctx context.Context, m *models.Model, train data.Dataset, precisions []quant.Scheme, options GradientOptions) ([]Noise, error) {
	if options.Batches == 0 {
		options.Batches = DefaultGradientBatches
	}
	if options.Batches < 2 || bits.OnesCount(uint(options.Batches)) != 1 {
		return nil, errors.Errorf("gradient noise: %d batches; want a power of two, 2 or more", options.Batches)
	}
	if err := m.CheckData(train); err != nil {
		return nil, err
	}
	parameters := parametersOf(m, options.All)
	differentiators := make([]*differentiator, len(precisions))
	for i, scheme := range precisions {
		low, err := inPrecision(ctx, m, scheme, train, options)
		if err != nil {
			return nil, errors.WithMessagef(err, "gradient noise in %s", scheme)
		}
		if differentiators[i], err = newDifferentiator(low, parameters); err != nil {
			return nil, err
		}
		defer differentiators[i].close()
	}
	meter := newMeter(parameters, len(precisions))
	if err := meter.run(ctx, options.loader(train), differentiators, options); err != nil {
		return nil, err
	}
	noises := make([]Noise, len(precisions))
	for i, scheme := range precisions {
		noises[i] = meter.noise(i, parameters)
		noises[i].Scheme = scheme
	}
	return noises, nil
}

// loader makes batches of equal size.
func (o GradientOptions) loader(train data.Dataset) *data.Loader {
	batch := o.Batch
	if batch <= 0 {
		batch = models.DefaultBatch
	}
	return &data.Loader{Dataset: train, BatchSize: min(batch, train.Len()), Shuffle: true, Seed: o.Seed, Augment: o.Augment, DropLast: true}
}

// inPrecision is a copy of the model in a precision, calibrated.
func inPrecision(ctx context.Context, m *models.Model, scheme quant.Scheme, train data.Dataset, o GradientOptions) (*models.Model, error) {
	low, err := m.Clone()
	if err != nil {
		return nil, err
	}
	if err := low.SetScheme(scheme); err != nil {
		return nil, err
	}
	if low.Calibrated() {
		return low, nil
	}
	return low, low.Calibrate(ctx, train, models.CalibrateOptions{Choice: o.Choice, Batch: o.Batch, Seed: o.Seed, Augment: o.Augment})
}

// run feeds the meter with the gradients of one batch after the other, going round the data as often as it takes.
func (m *meter) run(ctx context.Context, loader *data.Loader, differentiators []*differentiator, options GradientOptions) error {
	for epoch := 0; m.batches < options.Batches; epoch++ {
		for batch, err := range loader.Epoch(ctx, epoch, 0) {
			if err != nil {
				return err
			}
			set := make([][]float64, len(differentiators))
			for i, d := range differentiators {
				if set[i], err = d.gradient(batch); err != nil {
					return err
				}
			}
			m.add(set)
			if options.Progress != nil {
				options.Progress(m.batches, options.Batches)
			}
			if m.batches == options.Batches {
				break
			}
		}
	}
	return nil
}
