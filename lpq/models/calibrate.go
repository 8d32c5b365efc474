package models

import (
	"context"
	"path"
	"slices"
	"sync"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/calib"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/nn"
	"github.com/lowprec/lpnets/lpq/quant"
)

// Defaults of a calibration. The paper takes five batches.
const (
	DefaultCalibrationBatches  = 5
	DefaultReestimationBatches = 20
)

// CalibrateOptions has the settings of a calibration; the zero value is the paper's.
type CalibrateOptions struct {
	Choice  calib.Choice // how ranges are chosen
	Batches int          // 0 means DefaultCalibrationBatches
	Batch   int          // images of a batch; 0 means BatchFor
	Workers int          // batches that are loaded at the same time; 0 means 1
	// Ordered takes the first images as they are. Otherwise images are drawn at random from Seed and augmented.
	Ordered bool
	Seed    uint64
	Augment data.Augment
	// Progress is called after every batch; may be nil.
	Progress func(done, total int)
}

func (o CalibrateOptions) loader(set data.Dataset) *data.Loader {
	return &data.Loader{Dataset: set, BatchSize: batchSize(o.Batch, set), Shuffle: !o.Ordered, Seed: o.Seed, Augment: o.Augment, Workers: o.Workers, DropLast: true}
}

// Observe runs the float network on training batches and counts the magnitudes of every activation, in the order of Activations.
//
// A network with random weights that was never trained gets statistics of batch normalization first, from DefaultReestimationBatches: with those that it has, 0 and 1,
// nothing is normalized, and its activations grow from layer to layer to what no training sees.
func (m *Model) Observe(ctx context.Context, train data.Dataset, options CalibrateOptions) ([]calib.Histogram, error) {
	if err := m.CheckData(train); err != nil {
		return nil, err
	}
	if m.unmeasured() {
		silent := options
		silent.Progress = nil
		exec, err := m.estimator(quant.Scheme{})
		if err != nil {
			return nil, err
		}
		defer exec.Close()
		if err := m.estimate(ctx, train, exec, 0, silent); err != nil {
			return nil, err
		}
	}
	exec, err := m.observer(func(Site) bool { return true })
	if err != nil {
		return nil, err
	}
	defer exec.Close()
	histograms := make([]calib.Histogram, len(m.activations))
	err = m.eachBatch(ctx, train, options, options.Batches, DefaultCalibrationBatches, func(_ int, pixels *tensors.Tensor) error {
		values, err := exec.Call(pixels)
		if err != nil {
			return err
		}
		_ = values[len(histograms)].FinalizeAll() // only frees memory
		return observe(histograms, values[:len(histograms)])
	})
	return histograms, err
}

// observer runs the float network on pixels and returns the activations that are wanted, in the order of Activations, and then the logits: GoMLX's
// Go engine cannot run a graph with a variable that no output needs.
func (m *Model) observer(wanted func(Site) bool) (*Program, error) {
	return NewProgram(m, func(scope *model.Scope, pixels *Node) []*Node {
		probe := &nn.Probe{}
		logits := m.Network.Logits(scope, pixels, &nn.Run{Probe: probe})
		var values []*Node
		for i, a := range probe.Activations {
			if wanted(m.activations[i]) {
				values = append(values, a.Value)
			}
		}
		return append(values, logits)
	}, true)
}

// Values are what the float network computes at an activation, by its name, on the first batch that the options draw of training images.
func (m *Model) Values(ctx context.Context, train data.Dataset, activation string, options CalibrateOptions) (values []float32, err error) {
	site, err := m.Activation(activation)
	if err != nil {
		return nil, err
	}
	if err := m.CheckData(train); err != nil {
		return nil, err
	}
	exec, err := m.observer(func(s Site) bool { return s == site })
	if err != nil {
		return nil, err
	}
	defer exec.Close()
	err = m.eachBatch(ctx, train, options, 1, 1, func(_ int, pixels *tensors.Tensor) error {
		outputs, err := exec.Call(pixels)
		if err != nil {
			return err
		}
		values, err = tensors.CopyFlatData[float32](outputs[0])
		for _, t := range outputs {
			_ = t.FinalizeAll() // only frees memory
		}
		return err
	})
	return values, err
}

// observe feeds each tensor to its histogram, and frees it.
func observe(histograms []calib.Histogram, values []*tensors.Tensor) error {
	failures := make([]error, len(values))
	var wait sync.WaitGroup
	for i, t := range values {
		wait.Go(func() {
			failures[i] = tensors.ConstFlatData(t, histograms[i].Observe)
			_ = t.FinalizeAll() // only frees memory
		})
	}
	wait.Wait()
	for _, err := range failures {
		if err != nil {
			return err
		}
	}
	return nil
}

// eachBatch calls fn with that many training batches, going round the data as often as it takes.
func (m *Model) eachBatch(ctx context.Context, train data.Dataset, options CalibrateOptions, batches, defaultBatches int, fn func(i int, pixels *tensors.Tensor) error) error {
	if batches <= 0 {
		batches = defaultBatches
	}
	loader := options.loader(train)
	for i, epoch := 0, 0; i < batches; epoch++ {
		for batch, err := range loader.Epoch(ctx, epoch, 0) {
			if err == nil {
				err = fn(i, m.pixels(batch.Images))
			}
			if err != nil {
				return err
			}
			if i++; options.Progress != nil {
				options.Progress(i, batches)
			}
			if i == batches {
				break
			}
		}
	}
	return nil
}

// Calibrate sets the exponents of all activations for the model's scheme from what the float network computes on a few training batches.
// Test data must not be passed. It does nothing for a scheme that leaves activations float.
//
// It returns an error that names the activation whose values are NaN, or negative under an unsigned quantizer.
func (m *Model) Calibrate(ctx context.Context, train data.Dataset, options CalibrateOptions) error {
	if m.scheme.ActivationBits == quant.Float {
		return nil
	}
	if err := options.Choice.Validate(); err != nil {
		return err
	}
	histograms, err := m.Observe(ctx, train, options)
	if err != nil {
		return errors.WithMessagef(err, "calibrating network %s", m.Network.Name)
	}
	exponents, err := m.ChooseExponents(histograms, m.scheme, options.Choice)
	if err != nil {
		return err
	}
	return m.SetExponents(exponents)
}

// ChooseExponents finds the exponents of all activations, by name, in a scheme that quantizes them, from what Observe returned. The model stays as it is. It
// returns an error as Calibrate does.
func (m *Model) ChooseExponents(histograms []calib.Histogram, scheme quant.Scheme, choice calib.Choice) (map[string]int, error) {
	exponents := make(map[string]int, len(histograms))
	for i, site := range m.activations {
		if scheme.Activations(site.Edge) == quant.Float {
			continue
		}
		if histograms[i].Negative() && !site.Signed {
			return nil, errors.Errorf("activation %s has negative values, but its quantizer is unsigned: add Signed() to it in the network", site.Name)
		}
		l, err := choice.Exponent(&histograms[i], scheme.Activations(site.Edge), site.Signed)
		if err != nil {
			return nil, errors.WithMessagef(err, "activation %s of network %s", site.Name, m.Network.Name)
		}
		exponents[site.Name] = l
	}
	return exponents, nil
}

// Calibrated reports whether every activation that the scheme quantizes has its exponent.
func (m *Model) Calibrated() bool {
	for _, site := range m.activations {
		if m.scheme.Activations(site.Edge) != quant.Float && m.Store.GetVariable(nn.ExponentPath(site.Path)) == nil {
			return false
		}
	}
	return true
}

// Reestimate replaces the running statistics of batch normalization with plain means over training batches in the model's
// precision: quantization shifts them. 0 batches means DefaultReestimationBatches. Test data must not be passed.
func (m *Model) Reestimate(ctx context.Context, train data.Dataset, batches int, options CalibrateOptions) error {
	if err := m.CheckData(train); err != nil {
		return err
	}
	if m.statistics == nil {
		exec, err := m.estimator(m.scheme)
		if err != nil {
			return err
		}
		m.statistics = exec
	}
	return m.estimate(ctx, train, m.statistics, batches, options)
}

// unmeasured reports whether the weights are random and batch normalization still has the statistics that it starts with.
func (m *Model) unmeasured() bool {
	if !m.drawn {
		return false
	}
	initial := map[string]float32{"running_mean": 0, "running_var": 1}
	found := false
	for _, v := range m.variables() {
		want, ok := initial[path.Base(v.Path())]
		if !ok {
			continue
		}
		found = true
		value, err := v.Value()
		if err != nil {
			return false
		}
		same := true
		err = tensors.ConstFlatData(value, func(flat []float32) {
			same = !slices.ContainsFunc(flat, func(x float32) bool { return x != want })
		})
		if err != nil || !same {
			return false
		}
	}
	return found
}

// estimator updates the running statistics, in a precision, from pixels and their weight against all before them.
func (m *Model) estimator(scheme quant.Scheme) (*Program, error) {
	return NewProgram(m, func(scope *model.Scope, pixels, momentum *Node) *Node {
		logits := m.Network.Logits(scope, pixels, &nn.Run{Scheme: scheme, StatisticsMomentum: momentum})
		return ReduceAllMax(logits) // the statistics are what counts
	}, true, false)
}

// estimate is Reestimate by an estimator.
func (m *Model) estimate(ctx context.Context, train data.Dataset, estimator *Program, batches int, options CalibrateOptions) error {
	err := m.eachBatch(ctx, train, options, batches, DefaultReestimationBatches, func(i int, pixels *tensors.Tensor) error {
		_, err := estimator.Call(pixels, tensors.FromScalar(1/float32(i+1))) // the first batch replaces, the i-th has weight 1/i: the mean of all
		return err
	})
	return errors.WithMessagef(err, "re-estimating batch-norm statistics of network %s", m.Network.Name)
}
