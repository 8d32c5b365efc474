package finetune

import (
	"context"
	"time"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/optim"
)

// ErrInterrupted is in the chain of the error of a training that was stopped through its context. What it reached is saved.
var ErrInterrupted = errors.New("interrupted")

// Sets are the data of a run.
type Sets struct {
	Train data.Dataset
	// Validation, where set, judges which epoch was best. It should be a part of the training images that Train lacks.
	// Without it the epoch with the least training loss counts as best.
	Validation data.Dataset
	// Test, where set, is only reported, after every epoch; no choice depends on it.
	Test data.Dataset
}

// Options of a run.
type Options struct {
	Recipe Recipe
	Seed   uint64
	// Dir keeps checkpoints and metrics; empty keeps nothing, and an interrupted run is lost.
	Dir string
	// Resume goes on with the run in Dir; without one there it starts. The model is to be the one that the run started from, not what an interrupted call left
	// of it. False refuses a folder that holds a run.
	Resume bool
	// CheckpointEvery is the time between two checkpoints within an epoch; 0 means a minute. After an epoch there is always one.
	CheckpointEvery time.Duration
	// Observer, where set, is told what happens.
	Observer Observer
	// Check, where set, is called after the observer: an error, such as of what the observer could not write, ends the run without a checkpoint, so that the next
	// call with Resume does the step again.
	Check func() error
	// DataSHA256 is what the caller knows the images by, as of package data's Hash; empty means that Run computes it. A run is not resumed with other images.
	DataSHA256 string
	// Workers makes so many batches at the same time, also for calibration and evaluation; 0 means 1. It does not change the result.
	Workers int
}

// Observer is told what happens in a run. Its functions may be nil; they are called from the goroutine of Run.
type Observer struct {
	Step  func(Progress)     // after every step
	Epoch func(EpochMetrics) // after every epoch
}

// Progress of a run, after a step.
type Progress struct {
	Epoch, Epochs int // current, from 1, and all
	Step, Steps   int // done and all, over the whole run
	StepsPerEpoch int
	ImagesPerSec  float64 // in this epoch, training alone
	LoaderPerSec  float64 // images that the loader could give, see data.Meter
	Rate          float64 // learning rate of the step
	Loss          float64 // mean of this epoch so far
	Top1Pct       float64 // of this epoch so far, on augmented training images
	BatchLoss     float64 // of the step's batch, before the update
	BatchTop1Pct  float64
}

const defaultCheckpointEvery = time.Minute

// run is a training that is going on.
type run struct {
	model    *models.Model
	identity RunIdentity
	sets     Sets
	options  Options
	stepper  *Stepper
	loader   *data.Loader
	meter    data.Meter // of the loader in this epoch
	folder   folder
	state    state
	batch    models.Tally // of the last step
	history  History
	unlock   func() // the folder; nil where there is none
}

// Run trains the model by the recipe and leaves it as it is at the end. It calibrates first where the recipe quantizes activations and
// the model has no exponents for that, or other ones: of another precision, or another rule for the weights.
//
// It returns ErrInterrupted in the chain if ctx ends (before the first step, where nothing is to be saved, ctx's own error), and an error for a loss that is
// not finite, data that do not fit, a folder that holds another run or one without its checkpoint, or in which another process trains, or a file that cannot
// be written.
func Run(ctx context.Context, m *models.Model, sets Sets, options Options) (History, error) {
	if err := options.Recipe.Validate(); err != nil {
		return nil, err
	}
	if sets.Train == nil {
		return nil, errors.New("finetune: no training data")
	}
	for _, set := range []data.Dataset{sets.Train, sets.Validation, sets.Test} {
		if set == nil {
			continue
		}
		if err := m.CheckData(set); err != nil {
			return nil, err
		}
	}
	r := &run{model: m, sets: sets, options: options, folder: folder(options.Dir)}
	defer r.close()
	if err := r.prepare(ctx); err != nil {
		return r.history, err
	}
	for r.state.Epoch < options.Recipe.Epochs {
		if err := r.epoch(ctx); err != nil {
			return r.history, err
		}
	}
	return r.history, r.folder.saveFinal(r)
}

// prepare brings the model to where the run starts, or goes on.
func (r *run) prepare(ctx context.Context) error {
	recipe := r.options.Recipe
	r.loader = &data.Loader{Dataset: r.sets.Train, BatchSize: min(recipe.Batch, r.sets.Train.Len()), Shuffle: true, Seed: r.options.Seed,
		Augment: recipe.Augment, Workers: r.options.Workers, DropLast: true}
	if err := r.loader.Validate(); err != nil {
		return err
	}
	scheme, err := recipe.Precision()
	if err != nil {
		return err
	}
	if r.identity, err = r.identify(); err != nil {
		return err
	}
	r.stepper, err = NewStepper(r.model, scheme, optim.SGD{Momentum: recipe.Momentum, WeightDecay: recipe.WeightDecay, Nesterov: recipe.Nesterov})
	if err != nil {
		return err
	}
	if err := (optim.SGD{}).Clear(r.model.Store.RootScope()); err != nil { // of a training before this one
		return err
	}
	resumed, err := r.folder.open(r)
	if err != nil || resumed {
		return err
	}
	if !r.model.Scheme().Equal(scheme) || !r.model.Calibrated() {
		if err := r.model.SetScheme(scheme); err != nil {
			return err
		}
		if err := r.model.Calibrate(ctx, r.sets.Train, r.calibration()); err != nil {
			return err
		}
	}
	for key, value := range r.provenance() {
		r.model.Provenance[key] = value
	}
	return r.folder.saveCheckpoint(r)
}

// calibration has the settings for what is measured of training images.
func (r *run) calibration() models.CalibrateOptions {
	recipe := r.options.Recipe
	return models.CalibrateOptions{Choice: recipe.Calibration, Batch: recipe.Batch, Seed: r.options.Seed, Augment: recipe.Augment, Workers: r.options.Workers}
}

func (r *run) close() {
	if r.stepper != nil {
		r.stepper.Close()
	}
	if r.unlock != nil {
		r.unlock()
	}
}

// epoch trains to the end of the current epoch, from wherever in it the run is, and evaluates.
func (r *run) epoch(ctx context.Context) error {
	started, saved := time.Now(), time.Now()
	first := r.state.Batch
	r.meter = data.Meter{}
	every := r.options.CheckpointEvery
	if every == 0 {
		every = defaultCheckpointEvery
	}
	// A batch that is on its way is still trained on when ctx ends: the run stops between two steps.
	for batch, err := range r.loader.Epoch(context.WithoutCancel(ctx), r.state.Epoch, r.state.Batch) {
		if err != nil {
			return err
		}
		r.meter.Add(batch)
		if err := r.step(batch); err != nil {
			return err
		}
		r.report(first, started)
		if err := r.check(); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return r.interrupt()
		}
		if time.Since(saved) >= every {
			if err := r.folder.saveCheckpoint(r); err != nil {
				return err
			}
			saved = time.Now()
		}
	}
	return r.finishEpoch(ctx, time.Since(started), first)
}

// step trains on one batch.
func (r *run) step(batch data.Batch) error {
	rate := r.rate(r.state.Batch)
	logits, err := r.stepper.Step(batch, rate)
	if err != nil {
		return err
	}
	r.state.Batch++
	before := r.state.Tally
	if _, err := r.state.Tally.Add(logits, batch.Labels); err != nil {
		return errors.WithMessagef(err, "epoch %d, step %d: training diverged (a smaller learning rate than %g may help); checkpoints before it are kept",
			r.state.Epoch+1, r.state.Batch, rate)
	}
	r.batch = r.state.Tally.Since(before)
	return nil
}

// rate is the learning rate of a step of the epoch, from 0.
func (r *run) rate(batch int) float64 {
	perEpoch := r.loader.Batches()
	return r.options.Recipe.Rate.Rate(r.state.Epoch*perEpoch+batch, perEpoch, r.options.Recipe.Epochs)
}

func (r *run) report(first int, started time.Time) {
	if r.options.Observer.Step == nil {
		return
	}
	perEpoch := r.loader.Batches()
	r.options.Observer.Step(Progress{
		Epoch: r.state.Epoch + 1, Epochs: r.options.Recipe.Epochs,
		Step: r.state.Epoch*perEpoch + r.state.Batch, Steps: r.options.Recipe.Epochs * perEpoch, StepsPerEpoch: perEpoch,
		ImagesPerSec: float64((r.state.Batch-first)*r.loader.BatchSize) / time.Since(started).Seconds(), LoaderPerSec: r.meter.Rate(r.loader),
		Rate: r.rate(r.state.Batch - 1), Loss: r.state.Tally.Loss(), Top1Pct: r.state.Tally.Top1Pct(),
		BatchLoss: r.batch.Loss(), BatchTop1Pct: r.batch.Top1Pct(),
	})
}

// finishEpoch re-estimates, evaluates, records, keeps the best, and saves.
func (r *run) finishEpoch(ctx context.Context, took time.Duration, first int) error {
	metrics := EpochMetrics{
		Epoch: r.state.Epoch + 1, Step: (r.state.Epoch + 1) * r.loader.Batches(), Rate: r.rate(r.state.Batch - 1),
		Train:        scores(r.state.Tally),
		TrainSeconds: took.Seconds(), ImagesPerSec: float64((r.state.Batch-first)*r.loader.BatchSize) / took.Seconds(),
		LoaderPerSec: r.meter.Rate(r.loader),
	}
	if batches := r.options.Recipe.Reestimate; batches > 0 {
		if err := r.model.Reestimate(ctx, r.sets.Train, batches, r.calibration()); err != nil {
			return r.stopped(ctx, err)
		}
	}
	for _, part := range []struct {
		set  data.Dataset
		into **Scores
	}{{r.sets.Validation, &metrics.Validation}, {r.sets.Test, &metrics.Test}} {
		if part.set == nil {
			continue
		}
		result, err := r.model.Evaluate(ctx, part.set, models.EvaluateOptions{Workers: r.options.Workers})
		if err != nil {
			return r.stopped(ctx, err)
		}
		*part.into = scores(result.Tally)
	}
	r.history = append(r.history, metrics)
	if err := r.folder.saveHistory(r.history); err != nil {
		return err
	}
	best := r.state.Best
	r.state.nextEpoch(metrics)
	if r.state.Best != best {
		if err := r.folder.saveBest(r); err != nil {
			return err
		}
	}
	if err := r.folder.saveCheckpoint(r); err != nil {
		return err
	}
	if r.options.Observer.Epoch != nil {
		r.options.Observer.Epoch(metrics)
	}
	return r.check()
}

// check asks the caller whether to go on.
func (r *run) check() error {
	if r.options.Check == nil {
		return nil
	}
	return r.options.Check()
}

// stopped is what ends the run where something failed: an interruption if ctx has ended, else the failure.
func (r *run) stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return r.interrupt()
	}
	return err
}

// interrupt saves and says how to go on.
func (r *run) interrupt() error {
	if r.folder == "" {
		return errors.WithMessage(ErrInterrupted, "nothing was kept: the run has no folder")
	}
	if err := r.folder.saveCheckpoint(r); err != nil {
		return err
	}
	return errors.WithMessagef(ErrInterrupted, "saved in %s after %d steps of epoch %d: resume the run to go on", r.folder, r.state.Batch, r.state.Epoch+1)
}
