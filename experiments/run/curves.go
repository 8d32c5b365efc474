package run

import (
	"os"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/tensorboard"
)

// stepsPerPoint is how many training steps lie between two points of a curve.
const stepsPerPoint = 10

// curves shows a training in TensorBoard, and keeps every step in StepsFile. An observer cannot return an error: the first is kept for check, which ends the
// training before a checkpoint goes beyond what was written.
type curves struct {
	dir     string
	writer  *tensorboard.Writer
	steps   steps
	started bool
	err     error
}

func newCurves(dir string) (*curves, error) {
	s, err := openSteps(dir)
	if err != nil {
		return nil, err
	}
	w, err := tensorboard.Create(dir)
	if err != nil {
		_ = s.close() // what failed before says more
		return nil, err
	}
	return &curves{dir: dir, writer: w, steps: s}, nil
}

func (c *curves) observer() finetune.Observer { return finetune.Observer{Step: c.step, Epoch: c.epoch} }

func (c *curves) check() error { return c.err }

// restart removes what an earlier process wrote after a step, and writes the epoch's points that it may not have come to.
func (c *curves) restart(last int) {
	c.started = true
	c.keep(c.writer.Restart(last))
	c.keep(c.steps.restart(last))
	history, err := finetune.ReadHistory(c.dir)
	if !errors.Is(err, os.ErrNotExist) { // else no epoch has ended
		c.keep(err)
	}
	for _, e := range history {
		if e.Step == last {
			c.points(e)
		}
	}
}

func (c *curves) step(p finetune.Progress) {
	if !c.started {
		c.restart(p.Step - 1)
	}
	c.keep(c.steps.add(p))
	if p.Step%stepsPerPoint == 0 {
		c.keep(c.writer.Scalars(p.Step,
			tensorboard.Scalar{Tag: "train/loss", Value: p.Loss}, tensorboard.Scalar{Tag: "train/top1_pct", Value: p.Top1Pct},
			tensorboard.Scalar{Tag: "train/lr", Value: p.Rate}, tensorboard.Scalar{Tag: "train/images_per_s", Value: p.ImagesPerSec}))
	}
}

func (c *curves) epoch(e finetune.EpochMetrics) {
	if !c.started { // a process that did none of its steps
		c.restart(e.Step)
		return
	}
	c.points(e)
}

// finish is for a training of which nothing was left.
func (c *curves) finish(history finetune.History) {
	if !c.started {
		c.restart(history.Last().Step)
	}
}

// points are those of an epoch's end.
func (c *curves) points(e finetune.EpochMetrics) {
	for name, s := range map[string]*finetune.Scores{"epoch": e.Train, "validation": e.Validation, "test": e.Test} {
		if s != nil {
			c.keep(c.writer.Scalars(e.Step, tensorboard.Scalar{Tag: name + "/loss", Value: s.Loss},
				tensorboard.Scalar{Tag: name + "/top1_pct", Value: s.Top1Pct}, tensorboard.Scalar{Tag: name + "/top5_pct", Value: s.Top5Pct}))
		}
	}
}

func (c *curves) keep(err error) {
	if c.err == nil {
		c.err = err
	}
}

func (c *curves) close() error {
	c.keep(c.writer.Close())
	c.keep(c.steps.close())
	return c.err
}
