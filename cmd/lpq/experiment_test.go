//go:build unix

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExperimentList(t *testing.T) {
	text := succeed(t, "experiment", "list")
	for _, want := range []string{"table1: ", "similarity: ", "  demo ", "  cifar10 ", "over a minute", "  imagenet ", "332 epochs of ImageNet"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	var rows []map[string]any
	if err := json.Unmarshal([]byte(succeed(t, "experiment", "list", "--json")), &rows); err != nil || len(rows) < 2 || rows[0]["name"] != "table1" {
		t.Errorf("as JSON: %v, %v", rows, err)
	}
}

func TestExperimentRefuses(t *testing.T) {
	for name, test := range map[string]struct{ args, want string }{
		"no name":         {"run", "want the name of an experiment"},
		"unknown":         {"run table9", `no experiment "table9"; there are table1, sensitivity, similarity`},
		"imagenet":        {"run table1 --preset imagenet", "preset imagenet: name the folder of the data, and a weight file for each network"},
		"cifar10 of what": {"run table1 --preset cifar10", "--data"},
		"nothing done":    {"run table1 --finished --out no-such-folder", "no run of table1, preset demo, is done in no-such-folder"},
		"no runs":         {"status --out no-such-folder", "no-such-folder"},
		"nothing to do":   {"resume --out no-such-folder", "no-such-folder"},
		"seed":            {"run table1 --seed 3", "--seed has no effect"},
		"many seeds":      {"run table1 --seeds 2000000000", "want 1 to 1000"},
		"one run":         {"compare a", "want the folders of two or more runs"},
		"no run":          {"compare a b", "a is not the folder of a run"},
		"unknown command": {"start", `unknown command "start"`},
	} {
		got := run(t, command(append([]string{"experiment"}, strings.Fields(test.args)...)...))
		if got.code != 1 || !strings.Contains(got.stderr, test.want) || strings.Count(got.stderr, "\n") != 1 {
			t.Errorf("%s: exit code %d, %q; want 1 and one line with %q", name, got.code, got.stderr, test.want)
		}
	}
}

// What a folder of runs holds is shown: runs of no plan too, and beside what is damaged, which ends with an error.
func TestExperimentStatus(t *testing.T) {
	dir := t.TempDir()
	if got := succeed(t, "experiment", "status", "--out", dir); got != "there is no plan in "+dir+", and no run\n" {
		t.Errorf("an empty folder: %q", got)
	}
	refusal{args: []string{"experiment", "resume", "--out", dir}, want: []string{"there is no plan in " + dir}}.check(t)
	const config = `{"label": "alone", "network": "resnet8"}`
	write(t, dir, map[string][]byte{"some/config.json": []byte(config), "some/status.json": []byte(`{"state": "failed", "reason": "no space"}`)})
	got := succeed(t, "experiment", "status", "--out", dir)
	if !strings.HasPrefix(got, "runs of no plan\n") || !strings.Contains(got, "resnet8-alone-") || !strings.Contains(got, "no space") {
		t.Errorf("a run of no plan:\n%s", got)
	}
	write(t, dir, map[string][]byte{"a.plan.json": []byte("{"), "other/config.json": []byte(config), "other/status.json": []byte("{")})
	with := run(t, command("experiment", "status", "--out", dir))
	if with.code != 1 || with.stdout != got || !strings.Contains(with.stderr, "2 plans and runs cannot be read, the first: plan "+filepath.Join(dir, "a.plan.json")+" is damaged: remove it") {
		t.Errorf("with a damaged plan: exit code %d\n%s%s", with.code, with.stdout, with.stderr)
	}
}

// A plan that cannot be opened keeps no other one from being resumed.
func TestExperimentResumesTheOthers(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"table1", "similarity"} {
		plan := fmt.Sprintf(`{"experiment": %q, "options": {"preset": "cifar10", "data": "no-such-folder", "weights": ["no-such-file"], "seeds": 1}}`, name)
		if err := os.WriteFile(filepath.Join(dir, name+"-cifar10.plan.json"), []byte(plan), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "z.plan.json"), []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	got := run(t, command("experiment", "resume", "--out", dir))
	if want := "3 of 3 plans were not resumed, the first: plan "; got.code != 1 || !strings.Contains(got.stderr, want) {
		t.Errorf("exit code %d, %q; want 1 and %q", got.code, got.stderr, want)
	}
}

// Where no run could be done, results that are there stay.
func TestExperimentKeepsResults(t *testing.T) {
	dir := t.TempDir()
	file, kept := filepath.Join(dir, "wrong.safetensors"), filepath.Join(dir, "table1.csv")
	for path, text := range map[string]string{file: "no weights", kept: "results"} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"experiment", "run", "table1", "--data", "builtin", "--weights", file, "--seeds", "1", "--out", filepath.Join(dir, "runs"), "--results", dir}
	got := run(t, command(args...))
	if text, err := os.ReadFile(kept); err != nil || string(text) != "results" {
		t.Errorf("the results that were there are now %q, %v", text, err)
	}
	lines := strings.Split(strings.TrimSpace(got.stderr), "\n")
	if said := lines[len(lines)-1]; got.code != 1 || !strings.Contains(said, "no run of table1, preset demo, is done in ") || !strings.Contains(said, file) {
		t.Errorf("exit code %d, %q; want 1, and what failed", got.code, said)
	}
}

// Ctrl-C saves, says how to go on, and leaves runs that can be looked at.
func TestExperimentInterrupted(t *testing.T) {
	t.Parallel()
	makeFixtures(t)
	out := filepath.Join(t.TempDir(), "runs")
	args := []string{"experiment", "run", "table1", "--seeds", "1", "--images", "256", "--test-images", "32", "--out", out, "--results", t.TempDir(),
		"--data", fixtures.images, "--weights", fixtures.weights}
	lines := interrupt(t, command(args...), "[2/6]")
	if said := lines[len(lines)-1]; !strings.HasPrefix(said, "lpq: interrupted, and saved in "+out+"; go on with: ") || !strings.Contains(said, " experiment run table1 ") {
		t.Errorf("standard error ends with %q", said)
	}
	status := succeed(t, "experiment", "status", "--out", out)
	for i, want := range []string{"table1, preset demo", "", "done", "interrupted", "planned"} {
		if line := strings.Split(status, "\n")[i]; !strings.Contains(line, want) {
			t.Errorf("line %d is %q, want %s", i, line, want)
		}
	}
	results := t.TempDir()
	written := succeed(t, append(args[:len(args)-6:len(args)-6], "--finished", "--results", results, "--data", fixtures.images, "--weights", fixtures.weights)...)
	text, err := os.ReadFile(filepath.Join(results, "results.md"))
	if err != nil || !strings.Contains(written, "results  "+results) || !strings.Contains(string(text), "Not done: 5 of 6 runs: resnet8-w8a8-control-s1-") {
		t.Errorf("--finished printed\n%s\nand wrote\n%s\n%v", written, text, err)
	}
	folders, err := filepath.Glob(filepath.Join(out, "resnet8-*-s1-*"))
	if err != nil || len(folders) < 2 {
		t.Fatalf("%v, %v", folders, err)
	}
	compared := succeed(t, "experiment", "compare", folders[0], folders[1])
	if !strings.Contains(compared, "config.label") || !strings.Contains(compared, "w8a8-control") {
		t.Errorf("compare prints\n%s", compared)
	}
}
