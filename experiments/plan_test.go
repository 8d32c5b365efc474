package experiments_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/experiments/table1"
	"github.com/lowprec/lpnets/lpq"
)

// planned leaves the plan of table 1 in a folder of runs, and does none of them.
func planned(t *testing.T, dir, weights string, seeds int) {
	t.Helper()
	plan, err := table1.Experiment.Open(experiments.Options{Preset: "demo", Data: lpq.BuiltIn, Weights: []string{weights}, Seeds: seeds, Limits: run.Limits{Train: 8, Test: 8}})
	if err != nil {
		t.Fatal(err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := plan.Run(stopped, nil, dir, nil); err == nil {
		t.Fatal("the runs were done")
	}
}

// A plan with other settings replaces none, and one from whose options other runs follow now is not gone on with.
func TestPlansOfOtherSettings(t *testing.T) {
	dir, weights := t.TempDir(), filepath.Join(t.TempDir(), "weights.th")
	for name, text := range map[string]string{weights: "not read before a run is begun", filepath.Join(dir, "broken.plan.json"): "{"} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	planned(t, dir, weights, 1)
	planned(t, dir, weights, 2)
	planned(t, dir, weights, 2)
	plans, damaged, err := experiments.ReadPlans(dir)
	if err != nil || len(plans) != 2 || len(damaged) != 1 || !strings.Contains(damaged[0].Error(), "broken.plan.json is damaged: remove it") {
		t.Fatalf("%d plans, %v, %v; want two and a damaged one", len(plans), damaged, err)
	}
	reopen := func(p experiments.Plan) error {
		_, err := table1.Experiment.Reopen(p)
		return err
	}
	results := t.TempDir()
	if err := os.Mkdir(filepath.Join(results, "demo"), 0o777); err != nil {
		t.Fatal(err)
	}
	into := func(there string) string {
		if err := os.WriteFile(filepath.Join(results, "demo", "settings.json"), []byte(there), 0o666); err != nil {
			t.Fatal(err)
		}
		plan, err := table1.Experiment.Reopen(plans[0])
		if err != nil {
			t.Fatal(err)
		}
		dir, err := plan.ResultsIn(results)
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Base(dir)
	}
	if got := into(`[{"run": "` + plans[0].Runs[0].ID() + `"}]`); got != "demo" {
		t.Errorf("results of fewer runs: the plan's go to %s", got)
	}
	if got := into(`[{"run": "other"}]`); !strings.HasPrefix(got, "demo-") {
		t.Errorf("results of other runs: the plan's go to %s", got)
	}
	fewer := plans[0]
	fewer.Runs = fewer.Runs[1:]
	if err := reopen(plans[0]); err != nil {
		t.Error(err)
	}
	if err := reopen(fewer); err == nil || !strings.Contains(err.Error(), "the number of runs is ") {
		t.Errorf("other runs: %v", err)
	}
	if err := os.WriteFile(weights, []byte("others"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := reopen(plans[0]); err == nil || !strings.Contains(err.Error(), "start.sha256 is ") || !strings.Contains(err.Error(), "or remove "+dir) {
		t.Errorf("other weights: %v", err)
	}
}
