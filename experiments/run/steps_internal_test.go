package run

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lowprec/lpnets/lpq/finetune"
)

// trainSteps writes the steps after last, as a process does that goes on from there.
func trainSteps(t *testing.T, dir string, last, to int) {
	t.Helper()
	c, err := newCurves(dir)
	if err != nil {
		t.Fatal(err)
	}
	for step := last + 1; step <= to; step++ {
		c.step(finetune.Progress{Step: step, BatchLoss: 1 / float64(step), BatchTop1Pct: 100 / 64.})
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
}

func stepsText(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, StepsFile))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestStepsOfAResumedRun(t *testing.T) {
	unbroken := t.TempDir()
	trainSteps(t, unbroken, 0, 12)
	want := stepsText(t, unbroken)
	if !strings.HasPrefix(want, "step,loss,top1_pct\n1,1,1.5625\n2,0.5,1.5625\n3,0.333333,") || strings.Count(want, "\n") != 13 {
		t.Fatalf("got %s", want)
	}
	for name, test := range map[string]struct {
		written, checkpoint int
		cut                 int // bytes that the last write lacks
	}{
		"at a checkpoint":          {10, 10, 0},
		"after a checkpoint":       {10, 7, 0},
		"in a line":                {10, 7, 3},
		"in the line's end":        {8, 7, 1},
		"before any checkpoint":    {4, 0, 0},
		"before the first line":    {0, 0, 0},
		"in the header":            {1, 0, 15},
		"a file that was not ours": {1, 0, 25},
	} {
		dir := t.TempDir()
		trainSteps(t, dir, 0, test.written)
		if text := stepsText(t, dir); test.cut > 0 {
			if err := os.WriteFile(filepath.Join(dir, StepsFile), []byte(text[:len(text)-test.cut]), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		trainSteps(t, dir, test.checkpoint, 12)
		if diff := cmp.Diff(want, stepsText(t, dir)); diff != "" {
			t.Errorf("%s (-unbroken +killed):\n%s", name, diff)
		}
	}
	steps, err := Outcome{Dir: unbroken}.Steps()
	if err != nil || len(steps) != 12 || steps[3] != (Step{0.25, 1.5625}) {
		t.Errorf("read %v, error %v", steps, err)
	}
}

func TestStepsErrors(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"a gap":         {stepsHeader + "1,2,3\n3,2,3\n", "has step 3 where 2 should be"},
		"begins late":   {stepsHeader + "5,2,3\n", "has step 5 where 1 should be"},
		"no number":     {stepsHeader + "1,two,3\n", `"two"`},
		"fields":        {"step\n1\n", "wrong number of fields"},
		"a line is cut": {stepsHeader + "1,2\n", "wrong number of fields"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, StepsFile), []byte(test.text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := (Outcome{Dir: dir}).Steps(); err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), StepsFile) {
			t.Errorf("%s: error %v; want one with %q", name, err, test.want)
		}
	}
	if _, err := (Outcome{Dir: t.TempDir()}).Steps(); err == nil || !strings.Contains(err.Error(), StepsFile) {
		t.Errorf("no file: error %v", err)
	}
	trainSteps(t, t.TempDir(), 0, 0) // nothing to do
	// A run that was begun without the file: what is there is kept, and reading says what is missing.
	dir := t.TempDir()
	trainSteps(t, dir, 4, 6)
	trainSteps(t, dir, 5, 7)
	if _, err := (Outcome{Dir: dir}).Steps(); err == nil || !strings.Contains(err.Error(), "has step 5 where 1 should be") {
		t.Errorf("begun without the file: error %v", err)
	}
}
