package sensitivity_test

import (
	"strings"
	"testing"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/experiments/sensitivity"
	"github.com/lowprec/lpnets/internal/differ"
	"github.com/lowprec/lpnets/internal/testruns"
)

func plan(t *testing.T, preset string) []run.Config {
	t.Helper()
	p, err := sensitivity.Experiment.Preset(preset)
	if err != nil {
		t.Fatal(err)
	}
	return sensitivity.Experiment.Plan(experiments.Material{Preset: p, Data: run.Data{Train: 50000, Test: 4}, Seeds: []uint64{1},
		Networks: []experiments.Network{{Name: "resnet20", Start: run.Start{SHA256: "00"}}}})
}

// Every run differs from the base in its own factor and in nothing else.
func TestFactors(t *testing.T) {
	want := map[string][]string{
		"fewer-epochs": {"recipe.epochs"}, "random-start": {"seed", "start.run"}, "larger-batch": {"recipe.batch", "recipe.epochs"},
		"step-decay": {"recipe.rate.kind"}, "weight-decay": {"recipe.weight_decay"}, "uncalibrated": {"recipe.calibration.method"},
		"mse": {"recipe.calibration.method", "recipe.name", "recipe.weight_rule"}, "as-published": {"start.run", "start.sha256"}, "fp32": {"recipe.name", "recipe.scheme"},
	}
	runs := plan(t, "cifar10")
	base := runs[1]
	for _, c := range runs[2:] {
		differences, err := differ.Of(base, c)
		if err != nil {
			t.Fatal(err)
		}
		var fields []string
		for _, d := range differences {
			if d.Field != "label" {
				fields = append(fields, d.Field)
			}
		}
		if got := strings.Join(fields, " "); got != strings.Join(want[c.Label], " ") {
			t.Errorf("%s differs in %s, want %s", c.Label, got, want[c.Label])
		}
		delete(want, c.Label)
	}
	if len(want) > 0 {
		t.Errorf("not planned: %v", want)
	}
	if demo := plan(t, "demo"); len(demo) != len(runs)-1 {
		t.Errorf("the demo has %d runs, want one less than %d: its network is as published", len(demo), len(runs))
	}
}

// Four test images: the base is right on two, random-start on none, larger-batch on all.
func TestReport(t *testing.T) {
	right := map[string]int{"base": 2, "larger-batch": 4}
	var outcomes []run.Outcome
	for _, c := range plan(t, "cifar10") {
		if c.Label != experiments.BaselineLabel && c.Label != "base" && c.Label != "random-start" && c.Label != "larger-batch" {
			continue
		}
		outcomes = append(outcomes, testruns.Done(t, c, 4, right[c.Label]))
	}
	report, err := sensitivity.Experiment.Report(outcomes)
	if err != nil {
		t.Fatal(err)
	}
	rows := report.Tables[0].Rows
	if len(rows) != 4 {
		t.Fatalf("got %q", rows)
	}
	// McNemar's exact p of two discordant images is 2/2^2.
	for i, want := range map[int]string{1: "base 50.00  ", 2: "random-start 0.00 -50.00 0.5", 3: "larger-batch 100.00 +50.00 0.5"} {
		if got := strings.Join([]string{rows[i][1], rows[i][6], rows[i][8], rows[i][10]}, " "); got != want {
			t.Errorf("row %d: got %q, want %q", i, got, want)
		}
	}
	if title := report.Figures[0].Figure.Title(); !strings.Contains(title, "(not drawn: random-start -50)") {
		t.Errorf("figure %q", title)
	}
}
