package schedule_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/experiments/schedule"
	"github.com/lowprec/lpnets/internal/testruns"
	"github.com/lowprec/lpnets/lpq/finetune"
)

func plan(t *testing.T) []run.Config {
	t.Helper()
	preset, err := schedule.Experiment.Preset("cifar10")
	if err != nil {
		t.Fatal(err)
	}
	return schedule.Experiment.Plan(experiments.Material{Preset: preset, Data: run.Data{Train: 50000, Test: 10000}, Seeds: []uint64{1, 2},
		Networks: []experiments.Network{{Name: "resnet20", Start: run.Start{SHA256: "00"}}}})
}

// Every run, the baseline too, lacks the images that it is judged by; none is planned twice; larger batches have as many updates.
func TestPlan(t *testing.T) {
	runs, updates := plan(t), map[string]int{}
	testruns.CheckPlan(t, runs)
	for _, c := range runs {
		if c.Data.Train != 45000 || c.Data.Validation != 5000 || c.Data.Test != 10000 {
			t.Errorf("%s: data %+v", c.ID(), c.Data)
		}
		if c.Seed == 1 {
			updates[c.Label] = c.Recipe.Epochs * c.Data.Train / c.Recipe.Batch
		}
	}
	if a, b := updates["w4a4"], updates["w4a4-batch-256"]; a == 0 || a != b {
		t.Errorf("%d updates with a batch of 128 and %d with one of 256: %v", a, b, updates)
	}
}

// The table has a row for every label in every series that it belongs to, in the order of the axis, and a figure for each axis.
func TestReport(t *testing.T) {
	var outcomes []run.Outcome
	for i, c := range plan(t) { // of the second seed, all but its last run
		score := finetune.Scores{Images: 5000, Top1Pct: 80 + float64(i)/10}
		outcomes = append(outcomes, run.Outcome{Config: c, Status: run.Status{State: run.Done}, Result: run.Result{Scores: score, Validation: &score}})
	}
	outcomes[len(outcomes)-1].Status.State = run.Failed
	report, err := schedule.Experiment.Report(outcomes)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, row := range report.Tables[0].Rows {
		fmt.Fprintln(&got, strings.Join(row[1:8], " "))
	}
	const want = `fp32 baseline 1    
w4a4 learning rate 2 3 128 0.003 1e-05
w4a4 learning rate 2 3 128 0.01 1e-05
w4a4 learning rate 2 3 128 0.03 1e-05
w4a4 learning rate 2 3 128 0.09 1e-05
w4a4 last learning rate 2 3 128 0.03 1e-05
w4a4 last learning rate 2 3 128 0.03 0.0001
w4a4 last learning rate 2 3 128 0.03 0.001
w4a4 epochs 2 1 128 0.03 1e-05
w4a4 epochs 2 3 128 0.03 1e-05
w4a4 epochs 2 9 128 0.03 1e-05
w4a4 epochs 2 27 128 0.03 1e-05
w4a4 batch size 2 2 64 0.03 1e-05
w4a4 batch size 2 3 128 0.03 1e-05
w4a4 batch size 2 6 256 0.03 1e-05
w8a8 learning rate 2 1 128 1e-05 1e-05
w8a8 learning rate 2 1 128 0.0001 0.0001
w8a8 learning rate 2 1 128 0.001 0.001
w8a8 learning rate 2 1 128 0.01 0.01
w8a8 epochs 2 1 128 0.0001 0.0001
w8a8 epochs 1 3 128 0.0001 0.0001
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
	// Seeds of 80.4 and 82.0 %: t's quantile for two is 12.706, and the mean's standard error 0.8.
	if row := report.Tables[0].Rows[1]; row[10] != "81.20" || row[11] != "71.04 to 91.36" {
		t.Errorf("mean and interval of two seeds: %q", row)
	}
	if len(report.Figures) != 4 {
		t.Errorf("%d figures, want one for each axis", len(report.Figures))
	}
	for _, f := range report.Figures {
		if err := f.Figure.Err(); err != nil {
			t.Error(err)
		}
	}
}
