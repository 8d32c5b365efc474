package run

import (
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/tensorboard"
)

// stepsPerPoint is how many training steps lie between two points of a curve.
const stepsPerPoint = 10

// curves shows a training in TensorBoard, and keeps every step in StepsFile. The first error is kept: an observer cannot return it.
type curves struct {
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
	return &curves{writer: w, steps: s}, nil
}

func (c *curves) observer() finetune.Observer { return finetune.Observer{Step: c.step, Epoch: c.epoch} }

func (c *curves) step(p finetune.Progress) {
	if !c.started {
		c.started = true
		c.keep(c.writer.Restart(p.Step - 1))
		c.keep(c.steps.restart(p.Step - 1))
	}
	c.keep(c.steps.add(p))
	if p.Step%stepsPerPoint == 0 {
		c.keep(c.writer.Scalars(p.Step,
			tensorboard.Scalar{Tag: "train/loss", Value: p.Loss}, tensorboard.Scalar{Tag: "train/top1_pct", Value: p.Top1Pct},
			tensorboard.Scalar{Tag: "train/lr", Value: p.Rate}, tensorboard.Scalar{Tag: "train/images_per_s", Value: p.ImagesPerSec}))
	}
}

func (c *curves) epoch(e finetune.EpochMetrics) {
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
