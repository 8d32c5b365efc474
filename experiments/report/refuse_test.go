package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/experiments/report"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/finetune"
)

// copied is a run's folder in a place of its own, under its name.
func copied(t *testing.T, dir string) string {
	t.Helper()
	into := filepath.Join(t.TempDir(), filepath.Base(dir))
	if err := os.CopyFS(into, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return into
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// A damaged file is named; what is missing is not damage.
func TestDamaged(t *testing.T) {
	sweep, training := folders(t)
	for name, test := range map[string]struct {
		dir, file, text string
		want            string // in the error; none: it can be read
	}{
		"configuration":       {sweep[1], run.ConfigFile, `{"label"`, run.ConfigFile},
		"empty configuration": {sweep[1], run.ConfigFile, `{}`, "the folder was renamed"},
		"status":              {sweep[1], run.StatusFile, `{"state"`, run.StatusFile},
		"result":              {sweep[1], run.ResultFile, `nothing`, run.ResultFile},
		"impossible result":   {sweep[1], run.ResultFile, `{"images": 10, "top1_pct": 200}`, "top-1 of 200 % of 10 images"},
		"environment":         {sweep[1], run.EnvironmentFile, `[]`, run.EnvironmentFile},
		"predictions":         {sweep[1], run.PredictionsFile, `x`, run.PredictionsFile},
		"metrics":             {sweep[1], finetune.MetricsFile, "{\"epoch\":1,\"train\":{}}\n{\"epoch\":", "line 2 of "},
		"metrics, no scores":  {sweep[1], finetune.MetricsFile, "{\"epoch\":1}\n", "has no training scores"},
		"network":             {sweep[1], finetune.FinalFile, `x`, finetune.FinalFile},
		"training's network":  {training, finetune.FinalFile, `x`, finetune.FinalFile},
		"failed":              {sweep[3], run.StatusFile, `{"state": "failed", "reason": "<script>alert('1')</script> & more"}`, ""},
		"no metrics":          {sweep[1], finetune.MetricsFile, "", ""},
	} {
		dir := copied(t, test.dir)
		write(t, dir, test.file, test.text)
		r, err := report.Open(dir)
		if test.want != "" {
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), dir) {
				t.Errorf("%s: error %v; want one with %q and %s", name, err, test.want, dir)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		page, err := r.HTML()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		d := parse(t, string(page))
		d.check(t)
		if name == "failed" {
			d.wants(t, "<script>alert('1')</script> & more")
		}
	}
}

// A network that was put in the place of another is noticed.
func TestChangedNetwork(t *testing.T) {
	sweep, _ := folders(t)
	dir := copied(t, sweep[1])
	other, err := os.ReadFile(filepath.Join(sweep[2], finetune.FinalFile))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, finetune.FinalFile, string(other))
	if _, err := report.Open(dir); err == nil || !strings.Contains(err.Error(), finetune.FinalFile+" is damaged, or of another run") {
		t.Errorf("error %v", err)
	}
}

// Files that were deleted to save space, or have not been written yet, are said to be missing.
func TestMissing(t *testing.T) {
	sweep, training := folders(t)
	for name, test := range map[string]struct {
		dir    string
		remove []string
		state  run.State
		want   string
	}{
		"network":     {sweep[1], []string{finetune.FinalFile, finetune.BestFile, finetune.CheckpointFile}, run.Done, "ranges and exponents: there is no final.safetensors"},
		"predictions": {sweep[1], []string{run.PredictionsFile}, run.Done, "McNemar's test: there is no predictions.safetensors"},
		"environment": {sweep[1], []string{run.EnvironmentFile}, run.Done, "what it was made with: there is no environment.json"},
		"status":      {sweep[1], []string{run.StatusFile}, run.Planned, ""},
		"unfinished":  {training, []string{finetune.FinalFile}, run.Interrupted, "what it was made with"},
		"metrics":     {training, []string{finetune.MetricsFile}, run.Done, "accuracy on test images: metrics.jsonl has none"},
	} {
		dir := copied(t, test.dir)
		for _, file := range test.remove {
			if err := os.Remove(filepath.Join(dir, file)); err != nil {
				t.Fatal(err)
			}
		}
		r, page := html(t, dir)
		parse(t, page).check(t)
		if o := r.Runs[0]; o.Status.State != test.state || !strings.Contains(strings.Join(o.Missing, "\n"), test.want) {
			t.Errorf("%s: %s, missing %q; want %s, %q", name, o.Status.State, o.Missing, test.state, test.want)
		}
		if r.Runs[0].Config.Recipe == nil {
			t.Errorf("%s: no recipe", name)
		}
	}
}

func TestNoRuns(t *testing.T) {
	sweep, _ := folders(t)
	renamed := filepath.Join(t.TempDir(), "renamed")
	if err := os.Rename(copied(t, sweep[0]), renamed); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		dirs []string
		want string
	}{
		"nothing":        {nil, "no runs"},
		"missing":        {[]string{"no-such-folder"}, "run no-such-folder: "},
		"file":           {[]string{"report_test.go"}, "run report_test.go: it is a file"},
		"empty folder":   {[]string{t.TempDir()}, "it has neither config.json nor"},
		"folder of runs": {[]string{filepath.Dir(sweep[0])}, "there are runs in it"},
		"renamed":        {[]string{sweep[0], renamed}, "it is that of run " + filepath.Base(sweep[0])},
	} {
		if _, err := report.Open(test.dirs...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v; want one with %q", name, err, test.want)
		}
	}
}
