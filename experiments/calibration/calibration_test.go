package calibration_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/calibration"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/internal/testruns"
	"github.com/lowprec/lpnets/lpq/calib"
	"github.com/lowprec/lpnets/lpq/quant"
)

func planned(t *testing.T, name string, seeds ...uint64) []run.Config {
	t.Helper()
	preset, err := calibration.Experiment.Preset(name)
	if err != nil {
		t.Fatal(err)
	}
	return calibration.Experiment.Plan(experiments.Material{Preset: preset, Seeds: seeds,
		Networks: []experiments.Network{{Name: "resnet20", Start: run.Start{SHA256: "00"}}}})
}

func TestPlan(t *testing.T) {
	runs := planned(t, "cifar10", 1, 2)
	if want := 1 + 2*(1+1+5); len(runs) != want {
		t.Fatalf("%d runs, want %d: a baseline; points, control and five variants of each seed", len(runs), want)
	}
	testruns.CheckPlan(t, runs)
	epochs := 0
	for _, c := range runs {
		if c.Start.Run != "" && c.Recipe != nil {
			epochs += c.Recipe.Epochs
		}
		if c.Measure != nil && (calibration.Experiment.Measures[c.Measure.Name] == nil || c.Recipe != nil) {
			t.Errorf("%s measures %s, with recipe %v", c.Label, c.Measure.Name, c.Recipe)
		}
		if c.Label == "w4a4-percentile-99.9" && c.Recipe.Calibration != (calib.Choice{Method: calib.Percentile, Percentile: 99.9}) {
			t.Errorf("%s calibrates by %+v", c.Label, c.Recipe.Calibration)
		}
		if float := c.Precision() == "fp32"; float == strings.HasPrefix(c.Label, "w4a4") && c.Label != "w4a4-control" {
			t.Errorf("%s is %s", c.Label, c.Precision())
		}
	}
	if epochs != 2*12 {
		t.Errorf("%d epochs, want 12 for each seed", epochs)
	}
	if n := len(planned(t, "demo", 1)); n != 1+1+1+3 {
		t.Errorf("the demo has %d runs, want 6", n)
	}
}

const testImages = 100

// outcome is a finished run that was right on the first so many images.
func outcome(t *testing.T, label string, right int) run.Outcome {
	t.Helper()
	return testruns.Done(t, run.Config{Label: label, Network: "resnet8", Seed: 1}, testImages, right)
}

// point was right on the first so many images.
func point(choice calib.Choice, shift, right int, relative float64) calibration.Point {
	p := calibration.Point{Precision: "w4a4", Weights: quant.RuleMax, Activations: choice, Shift: shift, RelativeRange: relative, Top1Pct: float64(right), Right: make([]byte, 13)}
	for i := range right {
		p.Right[i/8] |= 1 << (i % 8)
	}
	return p
}

var (
	standard = calib.Choice{Method: calib.Percentile, Percentile: 99.99}
	maximum  = calib.Choice{Method: calib.Maximum}
	mse      = calib.Choice{Method: calib.MSE}
)

// ptq is a run with three choices, one of them re-estimated too, and two shifts.
func ptq(t *testing.T) run.Outcome {
	t.Helper()
	o := outcome(t, "ptq", 90)
	o.Config.Measure = &run.Measurement{Name: "calibration", Settings: map[string]float64{"batch": 64, "w4a4": 10}}
	again := point(standard, 0, 66, 0.5)
	again.Reestimated = true
	text, err := json.Marshal([]calibration.Point{point(maximum, 0, 40, 1), point(standard, 0, 55, 0.5), again, point(mse, 0, 60, 0.25),
		point(maximum, 1, 30, 2), point(maximum, -1, 50, 0.5)})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.Dir, run.MeasuredFile), text, 0o666); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestReport(t *testing.T) {
	r, err := calibration.Experiment.Report([]run.Outcome{outcome(t, experiments.BaselineLabel, 90), ptq(t),
		outcome(t, "w4a4-control", 91), outcome(t, "w4a4-max", 70), outcome(t, "w4a4-percentile-99.99", 85)})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{
		{"resnet8", "w4a4", "max", "percentile-99.99", "yes", "1", "0.50", "66.00"},
		{"resnet8", "w4a4", "1", "-1", "0.5", "50.00"},
		// 6 images to none: 2/2^6 = 0.03125.
		{"resnet8", "w4a4-percentile-99.99", "max / percentile-99.99", "0", "1", "85.00", "", "0", "-5.00", "-6.00", "", "0.0313",
			"w4a4-control is better than w4a4-percentile-99.99 by 6.00 points, p = 0.031 (one seed)"},
	} {
		if !slices.ContainsFunc(r.Tables[i].Rows, func(row []string) bool { return slices.Equal(row, want) }) {
			t.Errorf("table %s has no row %q in %q", r.Tables[i].Name, want, r.Tables[i].Rows)
		}
	}
	if got := fmt.Sprint(column(r.Tables[1], "shift")); got != "[-1 0 1]" {
		t.Errorf("shifts %s, want them in order", got)
	}
	notes := strings.Join(r.Notes, "\n")
	for _, want := range []string{
		"10 batches of 64 training images",
		// 60 to 55: 2/2^5, twice, for the best was picked from three; 60 to 40: 4/2^20.
		"mse is the best choice for the activations (60.00 %). Against max (40.00 %): mse is better than max by 20.00 points, p < 0.001.",
		"Against percentile-99.99 (55.00 %): no significant difference: mse - percentile-99.99 = +5.00 points, p = 0.125.",
		"from 55.00 to 66.00 %: re-estimated is better than as they were by 11.00 points, p < 0.001.",
		"The highest accuracy of all, 66.00 %, has weights by max, activations by percentile-99.99, statistics re-estimated.",
		"w4a4-percentile-99.99 is better than w4a4-max by 15.00 points, p < 0.001 (one seed), as in the paper.",
	} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes lack %q:\n%s", want, notes)
		}
	}
	for _, f := range r.Figures {
		if err := f.Figure.Err(); err != nil {
			t.Error(err)
		}
	}
	if n := len(r.Figures); n != 3 {
		t.Errorf("%d figures, want one of a precision, of the range and of fine-tuning", n)
	}
}

func column(t experiments.Table, name string) (cells []string) {
	for _, row := range t.Rows {
		cells = append(cells, row[slices.Index(t.Columns, name)])
	}
	return cells
}

// What is said of the paper follows from the networks.
func TestClaim(t *testing.T) {
	for name, test := range map[string]struct {
		calibrated, uncalibrated, both int
		want                           []string
	}{
		"as in the paper": {85, 70, 80, []string{"w4a4-percentile-99.99 is better than w4a4-max by 15.00 points, p < 0.001 (one seed), as in the paper.", "w4a4-percentile-99.99 has the highest accuracy, 85.00 %."}},
		"contrary":        {70, 85, 80, []string{"w4a4-max is better than w4a4-percentile-99.99 by 15.00 points, p < 0.001 (one seed), which contradicts the paper.", "w4a4-max has the highest accuracy, 85.00 %; against"}},
		"undecided": {81, 80, 90, []string{"w4a4-percentile-99.99 - w4a4-max = +1.00 points, p = 1.000 (one seed), so what the paper says is not seen here.",
			"w4a4-mse-both has the highest accuracy, 90.00 %; against w4a4-percentile-99.99: w4a4-mse-both is better than w4a4-percentile-99.99 by 9.00 points, p = 0.004 (one seed); picked from 3: McNemar p times 2 is 0.00781."}},
		"a tie": {80, 85, 85, []string{"w4a4-max and w4a4-mse-both have the highest accuracy, 85.00 %; against"}},
	} {
		r, err := calibration.Experiment.Report([]run.Outcome{outcome(t, experiments.BaselineLabel, 90), outcome(t, "w4a4-max", test.uncalibrated),
			outcome(t, "w4a4-percentile-99.99", test.calibrated), outcome(t, "w4a4-mse-both", test.both)})
		if err != nil {
			t.Fatal(err)
		}
		notes := strings.Join(r.Notes, "\n")
		for _, want := range test.want {
			if !strings.Contains(notes, want) {
				t.Errorf("%s: notes lack %q:\n%s", name, want, notes)
			}
		}
	}
}

// Whatever is there is shown; a file that is broken is named.
func TestReportOfLittle(t *testing.T) {
	failed := outcome(t, "w4a4-max", 0)
	failed.Status.State = run.Failed
	for name, outcomes := range map[string][]run.Outcome{"nothing": nil, "a baseline": {outcome(t, experiments.BaselineLabel, 90), failed}, "points": {ptq(t)}} {
		if _, err := calibration.Experiment.Report(outcomes); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := ptq(t)
	path := filepath.Join(broken.Dir, run.MeasuredFile)
	for _, content := range []string{"", "[{", `{"precision":1}`} {
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := calibration.Experiment.Report([]run.Outcome{broken}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("measured %q: %v, want an error that names %s", content, err, path)
		}
	}
}
