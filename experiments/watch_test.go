package experiments_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/experiments/table1"
	"github.com/lowprec/lpnets/internal/testbackend"
)

// watched is a baseline and a training that diverges.
func watched(t *testing.T) *experiments.Plan {
	t.Helper()
	e := table1.Experiment
	e.Plan = func(m experiments.Material) []run.Config {
		wild := experiments.Control(m.Preset.Recipes.W4A4)
		wild.Batch, wild.Rate.Start = 16, 1e30
		baseline := m.Baseline(m.Networks[0])
		return []run.Config{baseline, m.Tune(baseline, "diverges", wild, 1)}
	}
	plan, err := e.Open(experiments.Options{Preset: "demo", Limits: run.Limits{Train: 32, Test: 16}})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// A sweep that is stopped says how to go on; one with a failed run ends with an error that names it, and the others are done and can be read.
func TestWatch(t *testing.T) {
	engine, plan, dir := testbackend.XLA(t), watched(t), t.TempDir()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := plan.Watch(stopped, engine, dir); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "run it again to go on") {
		t.Errorf("stopped: %v", err)
	}
	if _, err := plan.Model(engine, dir, "baseline"); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "is to be done first") {
		t.Errorf("a network that is not there: %v", err)
	}
	if err := plan.Watch(t.Context(), engine, dir); err == nil || !strings.HasPrefix(err.Error(), "1 of 2 runs failed, the first: resnet8-diverges-s1-") {
		t.Errorf("with a failure: %v", err)
	}
	m, err := plan.Model(engine, dir, "baseline")
	if err != nil || m.Network.Name != "resnet8" {
		t.Errorf("baseline: %v, %v", m, err)
	}
}

func TestFolders(t *testing.T) {
	plan := watched(t)
	folders, err := plan.Folders("runs", "diverges", "baseline")
	want := []string{filepath.Join("runs", plan.Runs[1].ID()), filepath.Join("runs", plan.Runs[0].ID())}
	if err != nil || strings.Join(folders, " ") != strings.Join(want, " ") {
		t.Errorf("got %q, %v; want %q", folders, err, want)
	}
	files, err := plan.Files("runs", "baseline")
	if err != nil || len(files) != 1 || files[0] != filepath.Join(want[1], "final.safetensors") {
		t.Errorf("files %q, %v", files, err)
	}
	if _, err := plan.Files("runs", "w4a4"); err == nil || !strings.Contains(err.Error(), `no run "w4a4"; it has baseline, diverges`) {
		t.Errorf("unknown label: %v", err)
	}
}
