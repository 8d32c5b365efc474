package run_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/internal/folderlock"
	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/weights"
)

// config is a run of the built-in network.
func config(t testing.TB) run.Config {
	t.Helper()
	start, err := run.FromFile(lpq.BuiltIn)
	if err != nil {
		t.Fatal(err)
	}
	recipe, err := finetune.Get("demo4")
	if err != nil {
		t.Fatal(err)
	}
	return run.Config{Label: "w4a4", Network: "resnet8", Seed: 1, Start: start, Data: run.Data{Name: "synthetic/train", Train: 8, Test: 8, SHA256: "00"}, Recipe: &recipe}
}

// A change of this name is a change of every run's identity: those that are done would be done again.
func ExampleConfig_ID() {
	recipe, err := finetune.Get("faq8")
	c := run.Config{Label: "w8a8", Network: "resnet20", Seed: 3, Start: run.Start{File: "resnet20.th", SHA256: "12fca82f"}, Recipe: &recipe}
	fmt.Println(c.ID(), err)
	// Output: resnet20-w8a8-s3-b9628912 <nil>
}

// Where files are does not make another run; all else does.
func TestID(t *testing.T) {
	base := config(t).ID()
	if !strings.HasPrefix(base, "resnet8-w4a4-s1-") {
		t.Errorf("got %s, want network, label and seed in it", base)
	}
	for name, test := range map[string]struct {
		change func(*run.Config)
		same   bool
	}{
		"same":             {func(*run.Config) {}, true},
		"weights moved":    {func(c *run.Config) { c.Start.File = "elsewhere.th" }, true},
		"data moved":       {func(c *run.Config) { c.Data.Folder = "elsewhere" }, true},
		"other weights":    {func(c *run.Config) { c.Start.SHA256 = "01" }, false},
		"other data":       {func(c *run.Config) { c.Data.SHA256 = "01" }, false},
		"other start":      {func(c *run.Config) { c.Start = run.From(config(t)) }, false},
		"random start":     {func(c *run.Config) { c.Start = run.Start{} }, false},
		"other seed":       {func(c *run.Config) { c.Seed = 2 }, false},
		"other recipe":     {func(c *run.Config) { r := *c.Recipe; r.Rate.Start = 1; c.Recipe = &r }, false},
		"without a recipe": {func(c *run.Config) { c.Recipe = nil }, false},
	} {
		c := config(t)
		test.change(&c)
		if got := c.ID(); (got == base) != test.same {
			t.Errorf("%s: %s and %s; want same = %v", name, base, got, test.same)
		}
	}
}

// Photographs in a folder that was renamed are the same.
func TestPhotographsMoved(t *testing.T) {
	network, err := models.Get("resnet18")
	if err != nil {
		t.Fatal(err)
	}
	first := shared.Path(t, "data", "imagenet-sample")
	second := filepath.Join(t.TempDir(), "moved")
	if err := os.Symlink(first, second); err != nil {
		t.Skip(err)
	}
	c := config(t)
	var ids []string
	for _, folder := range []string{first, second} {
		if _, c.Data, err = run.OpenData(folder, network, run.Limits{Train: 2, Test: 2}); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.ID())
	}
	if ids[0] != ids[1] {
		t.Errorf("other runs: %v", ids)
	}
}

func TestOpenData(t *testing.T) {
	sets, data, err := run.OpenData(lpq.BuiltIn, models.Network{}, run.Limits{Train: 20, Test: 10})
	if err != nil {
		t.Fatal(err)
	}
	want := run.Data{Name: "synthetic/train", Folder: lpq.BuiltIn, Train: 20, Test: 10, SHA256: data.SHA256}
	if data != want || len(data.SHA256) != 64 || sets.Train.Len() != 20 || sets.Test.Len() != 10 {
		t.Errorf("got %+v, want %+v", data, want)
	}
	if _, other, err := run.OpenData(lpq.BuiltIn, models.Network{}, run.Limits{Train: 21, Test: 10}); err != nil || other.SHA256 == data.SHA256 {
		t.Errorf("other data: the same hash, error %v", err)
	}
	for name, test := range map[string]struct {
		folder string
		limits run.Limits
		want   string
	}{
		"no folder": {"missing", run.Limits{}, "missing"},
		"too many":  {lpq.BuiltIn, run.Limits{Train: 1e6}, "1000000 images of synthetic/train, which has 10000"},
	} {
		if _, _, err := run.OpenData(test.folder, models.Network{}, test.limits); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, test.want)
		}
	}
}

func TestSweepRefuses(t *testing.T) {
	c := config(t)
	for name, test := range map[string]struct {
		change func(*run.Config)
		want   string
	}{
		"label":   {func(c *run.Config) { c.Label = "a/b" }, `label "a/b"`},
		"network": {func(c *run.Config) { c.Network = "resnet9" }, `no network "resnet9"`},
		"recipe":  {func(c *run.Config) { r := *c.Recipe; r.Epochs = 0; c.Recipe = &r }, "0 epochs"},
		"start":   {func(c *run.Config) { c.Start = run.Start{Run: "nobody"} }, "starts from nobody, which is not among the runs before it"},
	} {
		bad := c
		test.change(&bad)
		sweep := run.Sweep{Dir: t.TempDir(), Runs: []run.Config{bad}}
		if err := sweep.Run(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, test.want)
		}
	}
}

// What became of a run is told by its folder, whatever is in it.
func TestCollect(t *testing.T) {
	dir, c := t.TempDir(), config(t)
	state := func() (run.Status, error) {
		outcomes, err := run.Collect(dir, []run.Config{c})
		if err != nil {
			return run.Status{}, err
		}
		return outcomes[0].Status, nil
	}
	if got, err := state(); err != nil || got.State != run.Planned {
		t.Errorf("no folder: %v, %v; want %s", got, err, run.Planned)
	}
	folder := filepath.Join(dir, c.ID())
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		text  string
		want  run.Status
		error string
	}{
		"killed":    {`{"state": "running"}`, run.Status{State: run.Interrupted}, ""},
		"failed":    {`{"state": "failed", "reason": "no space"}`, run.Status{State: run.Failed, Reason: "no space"}, ""},
		"no result": {`{"state": "done"}`, run.Status{}, "result.json"},
		"damaged":   {`{"state": `, run.Status{}, "status.json"},
	} {
		if err := os.WriteFile(filepath.Join(folder, run.StatusFile), []byte(test.text), 0o666); err != nil {
			t.Fatal(err)
		}
		got, err := state()
		if test.error == "" && err != nil || test.error != "" && (err == nil || !strings.Contains(err.Error(), test.error)) {
			t.Errorf("%s: error %v, want %q", name, err, test.error)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if _, err := run.Open(folder); err == nil || !strings.Contains(err.Error(), "is not the folder of a run") {
		t.Errorf("no configuration: error %v", err)
	}
}

// A run is what its folder holds, whatever the folder is called.
func TestOpenRenamed(t *testing.T) {
	dir, c := filepath.Join(t.TempDir(), "renamed"), config(t)
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, map[string]string{run.ConfigFile: string(text), run.StatusFile: `{"state": "done"}`, run.ResultFile: `{"top1_pct": 50}`})
	t.Chdir(dir)
	for _, path := range []string{dir, dir + "/", "."} {
		if o, err := run.Open(path); err != nil || o.Result.Top1Pct != 50 || o.Config.ID() != c.ID() {
			t.Errorf("%s: %+v, %v", path, o, err)
		}
	}
}

// write makes a folder with files.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// labelled are runs that differ in their labels.
func labelled(t *testing.T, labels ...string) (runs []run.Config) {
	t.Helper()
	for _, label := range labels {
		c := config(t)
		c.Label = label
		runs = append(runs, c)
	}
	return runs
}

// A run whose folder cannot be used has failed, and so have those that start from it; the others go on.
func TestSweepGoesOn(t *testing.T) {
	runs := labelled(t, "blocked", "damaged", "next", "changed")
	runs[2].Start = run.From(runs[1])
	runs[3].Start.SHA256 = "00"
	dir := t.TempDir()
	write(t, dir, map[string]string{runs[0].ID(): "a file"})
	write(t, filepath.Join(dir, runs[1].ID()), map[string]string{run.StatusFile: "{"})
	reasons := make([]string, len(runs))
	sweep := run.Sweep{Dir: dir, Runs: runs, Engine: testbackend.XLA(t), Report: func(i int, s run.Status) {
		if s.State == run.Failed {
			reasons[i] += s.Reason
		}
	}}
	if err := sweep.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"not a directory", run.StatusFile, "the run it starts from failed: " + runs[1].ID(), "weights builtin have changed since the sweep was planned"} {
		if !strings.Contains(reasons[i], want) || strings.Count(reasons[i], want) != 1 {
			t.Errorf("run %s failed with %q, want %q once", runs[i].Label, reasons[i], want)
		}
	}
	info, err := os.Stat(filepath.Join(dir, runs[3].ID(), "lock"))
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm()&0o044 == 0 {
		t.Errorf("the lock: %v, %v; want one that others may read", info.Mode(), err)
	}
	if _, err := run.Collect(dir, runs[1:2]); err == nil || !strings.Contains(err.Error(), "is damaged: remove it") {
		t.Errorf("the damaged run: %v", err)
	}
}

// What another process is at is waited for, and said once; what failed in it meanwhile is not done again.
func TestSweepWaits(t *testing.T) {
	runs := labelled(t, "failed", "busy")
	runs[0].Start.SHA256, runs[1].Start.SHA256 = "00", "00" // fail where they are begun
	sweep := run.Sweep{Dir: t.TempDir(), Runs: runs, Engine: testbackend.XLA(t)}
	failed := fmt.Sprintf(`{"state": "failed", "reason": "there", "ended": %q}`, time.Now().Add(time.Minute).Format(time.RFC3339))
	for _, c := range runs {
		write(t, filepath.Join(sweep.Dir, c.ID()), map[string]string{run.StatusFile: failed})
	}
	lock := folderlock.File(filepath.Join(sweep.Dir, runs[1].ID(), "lock"))
	if locked, err := lock.TryLock(); err != nil || !locked {
		t.Fatal(locked, err)
	}
	time.AfterFunc(1500*time.Millisecond, func() { _ = lock.Close() }) // the sweep looks every second
	var reports []string
	sweep.Report = func(i int, s run.Status) { reports = append(reports, runs[i].Label+" "+string(s.State)) }
	if err := sweep.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"busy waiting"}, reports); diff != "" {
		t.Errorf("reports (-want +got):\n%s", diff)
	}
}

// A training that was begun from other bits cannot go on: the folder is named, not another network.
func TestStartMadeAgain(t *testing.T) {
	c := config(t)
	sets, described, err := run.OpenData(lpq.BuiltIn, models.Network{}, run.Limits{Train: 8, Test: 8})
	if err != nil {
		t.Fatal(err)
	}
	c.Data = described
	sweep := run.Sweep{Dir: t.TempDir(), Runs: []run.Config{c}, Engine: testbackend.XLA(t), Sets: sets}
	dir := filepath.Join(sweep.Dir, c.ID())
	write(t, dir, nil)
	tensor, err := weights.NewFloat32("w", []int{1}, []float32{1})
	if err != nil {
		t.Fatal(err)
	}
	begun := &weights.File{Tensors: []weights.Tensor{tensor}, Metadata: map[string]string{models.MetaPrefix + "finetune.run": `{"start": "others"}`}}
	if err := weights.Write(filepath.Join(dir, finetune.CheckpointFile), begun); err != nil {
		t.Fatal(err)
	}
	outcomes := done(t.Context(), t, &sweep)
	if s, want := outcomes[0].Status, "remove "+dir+", and the run is done anew"; s.State != run.Failed || !strings.HasSuffix(s.Reason, want) {
		t.Errorf("got %+v, want it to have failed with %q", s, want)
	}
}

// done runs a sweep and returns what became of its runs.
func done(ctx context.Context, t *testing.T, sweep *run.Sweep) []run.Outcome {
	t.Helper()
	if err := sweep.Run(ctx); err != nil {
		t.Fatal(err)
	}
	outcomes, err := run.Collect(sweep.Dir, sweep.Runs)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}

// Finished runs may be kept without their weights; a run that starts from one says so, and how to go on.
func TestStartWithoutWeights(t *testing.T) {
	start := config(t)
	next := start
	next.Label, next.Start = "next", run.From(start)
	sets, _, err := run.OpenData(lpq.BuiltIn, models.Network{}, run.Limits{Train: 8, Test: 8})
	if err != nil {
		t.Fatal(err)
	}
	sweep := run.Sweep{Dir: t.TempDir(), Runs: []run.Config{start, next}, Engine: testbackend.XLA(t), Sets: sets}
	kept := filepath.Join(sweep.Dir, start.ID())
	if err := os.Mkdir(kept, 0o777); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{run.StatusFile: `{"state": "done"}`, run.ResultFile: "{}"} {
		if err := os.WriteFile(filepath.Join(kept, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	outcomes := done(t.Context(), t, &sweep)
	const want = "its weights were not kept; remove its folder"
	if s := outcomes[1].Status; s.State != run.Failed || !strings.Contains(s.Reason, want) {
		t.Errorf("got %+v, want it to have failed with %q", s, want)
	}
}

// A run whose folder is removed while the sweep needs it, as the error above advises, is done again.
func TestStartRemoved(t *testing.T) {
	start := config(t)
	runs := []run.Config{start}
	for _, label := range []string{"next", "last"} {
		c := start
		c.Label, c.Start = label, run.From(start)
		runs = append(runs, c)
	}
	sets, _, err := run.OpenData(lpq.BuiltIn, models.Network{}, run.Limits{Train: 8, Test: 8})
	if err != nil {
		t.Fatal(err)
	}
	sweep := run.Sweep{Dir: t.TempDir(), Runs: runs, Engine: testbackend.XLA(t), Sets: sets}
	began := make([]int, len(runs))
	sweep.Report = func(i int, status run.Status) {
		if status.State != run.Running {
			return
		}
		if began[i]++; i == 1 {
			if err := os.RemoveAll(filepath.Join(sweep.Dir, start.ID())); err != nil {
				t.Error(err)
			}
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	outcomes := done(ctx, t, &sweep)
	for i, want := range []struct {
		state run.State
		began int
	}{{run.Done, 2}, {run.Failed, 1}, {run.Done, 1}} {
		if got := outcomes[i].Status; got.State != want.state || began[i] != want.began {
			t.Errorf("run %s began %d times, and is %+v; want %d and %s", runs[i].Label, began[i], got, want.began, want.state)
		}
	}
}

func TestFromFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "weights")
	if err := os.WriteFile(path, []byte("abc"), 0o666); err != nil {
		t.Fatal(err)
	}
	// FIPS 180-2, appendix B.1.
	want := run.Start{File: path, SHA256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}
	if got, err := run.FromFile(path); err != nil || got != want {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if _, err := run.FromFile(os.DevNull); err == nil || !strings.Contains(err.Error(), "want a file") {
		t.Errorf("a device: error %v", err)
	}
	if _, err := run.FromFile(path + "missing"); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("missing: error %v", err)
	}
}
