// Package testruns has what the tests of experiments have in common: runs that were never run, and checks of plans.
package testruns

import (
	"path/filepath"
	"testing"

	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/weights"
)

// Done is a finished run, in a temporary folder, that was right on the first so many of its test images. All images are of class 0.
func Done(t testing.TB, c run.Config, images, right int) run.Outcome {
	t.Helper()
	o := run.Outcome{Config: c, Dir: t.TempDir(), Status: run.Status{State: run.Done},
		Result: run.Result{Scores: finetune.Scores{Images: images, Top1Pct: 100 * float64(right) / float64(images)}}}
	guesses := make([]int32, images)
	for i := right; i < images; i++ {
		guesses[i] = 1
	}
	file := &weights.File{}
	for name, values := range map[string][]int32{"labels": make([]int32, images), "predictions": guesses} {
		tensor, err := weights.NewInt32(name, []int{images}, values)
		if err != nil {
			t.Fatal(err)
		}
		file.Tensors = append(file.Tensors, tensor)
	}
	if err := weights.Write(filepath.Join(o.Dir, run.PredictionsFile), file); err != nil {
		t.Fatal(err)
	}
	return o
}

// CheckPlan checks that all runs are valid, none comes twice, and none before the run that it starts from. It returns their IDs.
func CheckPlan(t testing.TB, runs []run.Config) map[string]bool {
	t.Helper()
	ids := map[string]bool{}
	for _, c := range runs {
		if err := c.Validate(); err != nil {
			t.Error(err)
		}
		if ids[c.ID()] || c.Start.Run != "" && !ids[c.Start.Run] {
			t.Errorf("run %s comes twice, or before its start", c.ID())
		}
		ids[c.ID()] = true
	}
	return ids
}
