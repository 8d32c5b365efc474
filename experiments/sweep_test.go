//go:build unix

package experiments_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/experiments/table1"
	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/weights"
)

// envDir makes the test's program do the small sweep in that folder, instead of tests: a process to kill.
const envDir = "LPQ_TEST_SWEEP_DIR"

func TestMain(m *testing.M) {
	dir := os.Getenv(envDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	if err := sweep(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// small is table 1 of two networks, and one that diverges, with one that starts from it: 4 epochs of 4 steps.
func small() experiments.Experiment {
	e := table1.Experiment
	e.Measures = map[string]run.Measure{"layers": func(_ context.Context, m *lpq.Model, _ lpq.Sets, c run.Config) (any, error) {
		return c.Measure.Settings["times"] * float64(len(m.Weights())), nil
	}}
	e.Plan = func(m experiments.Material) []run.Config {
		recipes := m.Preset.Recipes
		recipe := recipes.W4A4MSE
		recipe.Batch, recipe.Epochs = 16, 4
		wild := experiments.Control(recipe)
		wild.Rate.Start = 1e30
		baseline := m.Baseline(m.Networks[0])
		diverges := m.Tune(baseline, "diverges", wild, 1)
		measured := baseline
		measured.Label, measured.Measure = "measured", &run.Measurement{Name: "layers", Settings: map[string]float64{"times": 2}}
		return []run.Config{
			baseline, diverges, m.Tune(diverges, "after", recipe, 1),
			m.Tune(baseline, "w4a4-control", experiments.Control(recipe), 1), m.Tune(baseline, "w4a4-mse", recipe, 1), measured,
		}
	}
	return e
}

func open() (*experiments.Plan, error) {
	return small().Open(experiments.Options{Preset: "demo", Seeds: 1, Limits: run.Limits{Train: 64, Test: 32}})
}

// sweep does what is not done of the small plan, and tells of every run on standard output.
func sweep(dir string) error {
	engine, err := lpq.Open("xla:cpu", 0)
	if err != nil {
		return err
	}
	plan, err := open()
	if err != nil {
		return err
	}
	return plan.Run(context.Background(), engine, dir, func(i int, s run.Status) { fmt.Println(i, s.State) })
}

// child begins the sweep in a process of its own.
func child(t *testing.T, dir string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envDir+"="+dir)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // where the test failed
	return cmd, bufio.NewScanner(stdout)
}

// finish waits for sweeps that must succeed, and returns how many runs they began.
func finish(t *testing.T, cmd *exec.Cmd, lines *bufio.Scanner) (began int) {
	t.Helper()
	for lines.Scan() {
		if strings.HasSuffix(lines.Text(), string(run.Running)) {
			began++
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("sweep: %v", err)
	}
	return began
}

// results writes tables and figures and reads all but the settings, which tell the time. With them come the steps of every training.
func results(t *testing.T, dir string) map[string]string {
	t.Helper()
	plan, err := open()
	if err != nil {
		t.Fatal(err)
	}
	written, err := plan.Write(dir, filepath.Join(t.TempDir(), "results"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, name := range written.Files {
		text, err := os.ReadFile(filepath.Join(written.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(text)
	}
	delete(files, "settings.json")
	for _, c := range plan.Runs {
		text, err := os.ReadFile(filepath.Join(dir, c.ID(), run.StepsFile))
		if trained := err == nil; trained != (c.Recipe != nil && c.Label != "after") {
			t.Errorf("%s: %v", c.ID(), err)
		}
		files[c.ID()+" steps"] = string(text)
	}
	return files
}

// Two processes share a sweep and do each run once. Another sweep is killed with SIGKILL again and again, and then ended: the same tables.
func TestKilledSweepEndsWithTheSameTables(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 30 seconds")
	}
	testbackend.XLA(t)
	shared, killed := t.TempDir(), t.TempDir()
	a, fromA := child(t, shared)
	b, fromB := child(t, shared)
	for kills := range 3 {
		cmd, lines := child(t, killed)
		for range 2 + kills { // status lines: further each time
			lines.Scan()
		}
		time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond)
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()         // with the signal
	}
	finish(t, a, fromA)
	finish(t, b, fromB)
	cmd, lines := child(t, killed)
	finish(t, cmd, lines)
	want := results(t, shared)
	if diff := cmp.Diff(want, results(t, killed)); diff != "" {
		t.Errorf("tables of the killed sweep (-unbroken +killed):\n%s", diff)
	}
	checkShared(t, shared, want)

	cmd, lines = child(t, shared) // again
	if began := finish(t, cmd, lines); began != 1 {
		t.Errorf("a finished sweep began %d runs anew, want that which failed", began)
	}
}

// checkShared checks a finished sweep: every run done once, the failures recorded.
func checkShared(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	plan, err := open()
	if err != nil {
		t.Fatal(err)
	}
	outcomes, err := run.Collect(dir, plan.Runs)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		state  run.State
		reason string
		curves int
	}{{run.Done, "", 0}, {run.Failed, "training diverged", 0}, {run.Failed, "the run it starts from failed: " + plan.Runs[1].ID(), 0}, {run.Done, "", 1}, {run.Done, "", 1}, {run.Done, "", 0}} {
		o := outcomes[i]
		if o.Status.State != want.state || !strings.Contains(o.Status.Reason, want.reason) {
			t.Errorf("run %s: %+v, want %s %q", o.Config.ID(), o.Status, want.state, want.reason)
		}
		if opened, err := run.Open(o.Dir); err != nil || opened.Status.State != want.state {
			t.Errorf("the folder of run %s tells %s, %v; want %s", o.Config.ID(), opened.Status.State, err, want.state)
		}
		if events, _ := filepath.Glob(filepath.Join(o.Dir, "events.out.tfevents.*")); want.state == run.Done && len(events) != want.curves {
			t.Errorf("run %s was begun %d times, want once", o.Config.ID(), len(events))
		}
	}
	before, err := weights.Read(outcomes[0].WeightFile())
	if err != nil {
		t.Fatal(err)
	}
	after, err := weights.Read(outcomes[4].WeightFile())
	if err != nil {
		t.Fatal(err)
	}
	if want, err := analysis.SquaredDistance(before, after); err != nil || want == 0 || outcomes[4].Result.SquaredDistance != want {
		t.Errorf("squared distance %g from the start, want %g, %v", outcomes[4].Result.SquaredDistance, want, err)
	}
	var twice float64
	if err := outcomes[5].Measured(&twice); err != nil || twice != 2*8 { // resnet8 has 8 layers with weights
		t.Errorf("measured %v, %v; want 16", twice, err)
	}
	for name, want := range map[string]string{"results.md": "Not done: " + plan.Runs[1].ID(), "table1.csv": "resnet8,w4a4-mse,w4a4,mse / mse,4,1,", plan.Runs[4].ID() + " steps": "\n16,",
		"comparisons.csv": "resnet8,w4a4-mse,w4a4-control,1,", "paper.csv": "resnet18,FAQ,w4a4,69.82,89.10,+0.06,read\n"} {
		if !strings.Contains(files[name], want) {
			t.Errorf("%s has no %q:\n%s", name, want, files[name])
		}
	}
}
