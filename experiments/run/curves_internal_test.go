package run

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/tensorboard"
)

// What cannot be written ends the training.
func TestCurvesTellErrors(t *testing.T) {
	c, err := newCurves(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c.step(finetune.Progress{Step: 1})
	if err := c.check(); err != nil {
		t.Fatal(err)
	}
	_ = c.steps.close() // so that writing fails
	c.step(finetune.Progress{Step: 2})
	if c.check() == nil {
		t.Error("no error of a step that was not written")
	}
}

// A process that was ended before the points of an epoch's end were written leaves them to the next one, whether that has steps to do or not. The steps it left
// beyond the last are removed.
func TestCurvesOfALostEpoch(t *testing.T) {
	for name, next := range map[string]func(*curves){
		"steps follow":    func(c *curves) { c.step(finetune.Progress{Step: 3}) },
		"nothing follows": func(c *curves) { c.finish(finetune.History{{Step: 2}}) },
		"the epoch's end": func(c *curves) { c.epoch(finetune.EpochMetrics{Step: 2}); c.finish(nil) },
	} {
		dir := t.TempDir()
		trainSteps(t, dir, 0, 4)
		if err := os.WriteFile(filepath.Join(dir, finetune.MetricsFile), []byte(`{"step": 2, "train": {"loss": 2.5}}`+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		c, err := newCurves(dir)
		if err != nil {
			t.Fatal(err)
		}
		next(c)
		if err := c.close(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]float64{2.5}, losses(t, dir)); diff != "" {
			t.Errorf("%s: losses of epochs (-want +got):\n%s", name, diff)
		}
		steps, err := Outcome{Dir: dir}.Steps()
		if want := map[bool]int{true: 3, false: 2}[name == "steps follow"]; err != nil || len(steps) != want {
			t.Errorf("%s: %d steps, %v; want %d", name, len(steps), err, want)
		}
	}
}

// losses are those of the epochs in a folder's event files.
func losses(t *testing.T, dir string) (values []float64) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "events.out.*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		events, err := tensorboard.Read(file)
		if closed := file.Close(); err != nil || closed != nil {
			t.Fatal(err, closed)
		}
		for _, e := range events {
			for _, s := range e.Scalars {
				if s.Tag == "epoch/loss" {
					values = append(values, s.Value)
				}
			}
		}
	}
	return values
}
