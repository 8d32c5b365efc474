package lpq

import (
	"slices"
	"testing"

	"github.com/lowprec/lpnets/lpq/finetune"
)

// However long a run is, its curve has few points, each the mean of the steps since the one before; epochs stand at their last step.
func TestLossCurve(t *testing.T) {
	c := newLossCurve("resnet8", finetune.Recipe{Name: "demo4", Scheme: "w4a4"})
	if f := c.figure(); f != nil {
		t.Errorf("before the first step: %v", f)
	}
	const steps = 1000 // 5 for a point
	for i := range steps {
		c.step(finetune.Progress{Step: i + 1, Steps: steps, BatchLoss: float64(i)})
	}
	c.epoch(finetune.EpochMetrics{Step: steps, Train: &finetune.Scores{}, Test: &finetune.Scores{Loss: 7}})
	if got := len(c.train.Y); got != maxCurvePoints {
		t.Errorf("%d points, want %d", got, maxCurvePoints)
	}
	// Mean of 0 to 4, and of 5 to 9.
	if !slices.Equal(c.train.X[:2], []float64{5, 10}) || !slices.Equal(c.train.Y[:2], []float64{2, 7}) {
		t.Errorf("begins with %v at %v", c.train.Y[:2], c.train.X[:2])
	}
	f := c.figure()
	if want := `Figure "resnet8 w4a4, demo4" (6 x 2.6 in): training batches, test images`; f == nil || f.Err() != nil || f.String() != want {
		t.Errorf("got %v, want %s", f, want)
	}
}

func TestLossCurveOfAShortRun(t *testing.T) {
	c := newLossCurve("resnet8", finetune.Recipe{})
	for i := range 3 {
		c.step(finetune.Progress{Step: i + 1, Steps: 3, BatchLoss: 1})
	}
	if len(c.train.Y) != 3 {
		t.Errorf("%d points, want one for each of 3 steps", len(c.train.Y))
	}
}
