package lpq

import (
	"fmt"

	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/plot"
)

// lossCurve is the loss of a training that is going on.
type lossCurve struct {
	title string
	// train has a point for every so many steps, the mean of their batches: however long the run, no more than maxCurvePoints.
	train            plot.Series
	sum              float64 // of the steps since the last point
	steps            int
	validation, test plot.Series
}

const maxCurvePoints = 200

func newLossCurve(network string, recipe finetune.Recipe) *lossCurve {
	return &lossCurve{
		title: fmt.Sprintf("%s %s, %s", network, recipe.Scheme, recipe.Name),
		train: plot.Series{Name: "training batches"}, validation: plot.Series{Name: "validation images"}, test: plot.Series{Name: "test images"},
	}
}

func (c *lossCurve) step(p finetune.Progress) {
	c.sum, c.steps = c.sum+p.BatchLoss, c.steps+1
	if perPoint := (p.Steps + maxCurvePoints - 1) / maxCurvePoints; c.steps < perPoint {
		return
	}
	add(&c.train, p.Step, c.sum/float64(c.steps))
	c.sum, c.steps = 0, 0
}

func (c *lossCurve) epoch(e finetune.EpochMetrics) {
	if e.Validation != nil {
		add(&c.validation, e.Step, e.Validation.Loss)
	}
	if e.Test != nil {
		add(&c.test, e.Step, e.Test.Loss)
	}
}

func add(s *plot.Series, step int, loss float64) {
	s.X, s.Y = append(s.X, float64(step)), append(s.Y, loss)
}

// figure is nil before the first point.
func (c *lossCurve) figure() *plot.Figure {
	var series []plot.Series
	for _, s := range []plot.Series{c.train, c.validation, c.test} {
		if len(s.Y) > 0 {
			series = append(series, s)
		}
	}
	if len(series) == 0 {
		return nil
	}
	const width, height = 6, 2.6 // inches: it stands below the progress and is gone over, not read
	return plot.Lines(c.title, "step", "loss (nats)", series...).Resized(width, height)
}
