package main

import (
	"bytes"
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/weights"
)

// parsed runs lpq with --json and returns the fields of its result, of which these must be there.
func parsed(t *testing.T, wantFields string, args ...string) map[string]any {
	t.Helper()
	text := succeed(t, append(args, "--json")...)
	var fields map[string]any
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		t.Fatalf("lpq %s: %v in\n%s", strings.Join(args, " "), err, text)
	}
	for _, name := range strings.Fields(wantFields) {
		if _, ok := fields[name]; !ok {
			t.Errorf("lpq %s: no field %s in\n%s", strings.Join(args, " "), name, text)
		}
	}
	return fields
}

// scoreFields are the documented ones of every evaluation.
const scoreFields = "network weights precision data images top1_pct top1_ci95_pct top5_pct loss size_bytes wall_s images_per_s backend device version "

func wantField(t *testing.T, fields map[string]any, name string, want any) {
	t.Helper()
	if fields[name] != want {
		t.Errorf("%s: got %v, want %v", name, fields[name], want)
	}
}

func TestEval(t *testing.T) {
	t.Parallel()
	args := append([]string{"eval"}, work(t)...)
	fields := parsed(t, scoreFields, args...)
	wantField(t, fields, "network", "resnet8")
	wantField(t, fields, "weights", fixtures.weights)
	wantField(t, fields, "precision", "fp32")
	wantField(t, fields, "images", 128.)
	wantField(t, fields, "backend", "xla")
	top1, top5, ci := fields["top1_pct"].(float64), fields["top5_pct"].(float64), fields["top1_ci95_pct"].([]any)
	if !(0 <= top1 && top1 < top5 && top5 <= 100 && ci[0].(float64) <= top1 && top1 <= ci[1].(float64)) {
		t.Errorf("top-1 %v %%, within %v, top-5 %v %%", top1, ci, top5)
	}
	text := succeed(t, args...)
	for _, want := range []string{"resnet8 fp32 on cifar10/test, 128 images\n", "top-1", "images/s on xla\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("got\n%swant %q in it", text, want)
		}
	}
}

// A quantized network comes back from its file in its precision, and scores the same.
func TestQuantize(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "w4a8.safetensors")
	quantize := append([]string{"quantize", "--precision", "w4a8", "--batches", "2", "--batch", "64", "--activations", "mse", "--weight-exponents", "mse",
		"--reestimate", "2", "--seed", "3", "--out", out}, work(t)...)
	fields := parsed(t, scoreFields+"activation_exponents weight_exponents activations seed calibration_batches calibration_batch reestimation_batches file", quantize...)
	for name, want := range map[string]any{"precision": "w4a8", "weight_exponents": "mse", "activations": "mse", "percentile": nil, "seed": 3.,
		"calibration_batches": 2., "calibration_batch": 64., "reestimation_batches": 2., "file": out} {
		wantField(t, fields, name, want)
	}
	if n := len(fields["activation_exponents"].(map[string]any)); n != 9 { // input, relu1, two in each of three blocks, pool
		t.Errorf("%d exponents of activations, want 9", n)
	}
	again := parsed(t, scoreFields, "eval", "--model", "resnet8", "--weights", out, "--data", fixtures.images)
	for _, name := range []string{"precision", "top1_pct", "loss", "size_bytes"} {
		wantField(t, again, name, fields[name])
	}
	if fp32 := parsed(t, "size_bytes", append([]string{"eval"}, work(t)...)...); fp32["size_bytes"].(float64) < 5*fields["size_bytes"].(float64) {
		t.Errorf("%v bytes in 4 bits, %v in fp32; want a fifth at most", fields["size_bytes"], fp32["size_bytes"])
	}
}

// What the user does not say is the paper's.
func TestQuantizeDefaults(t *testing.T) {
	t.Parallel()
	fields := parsed(t, scoreFields, append([]string{"quantize", "--batch", "64"}, work(t)...)...)
	for name, want := range map[string]any{"precision": "w4a4", "weight_exponents": "max", "activations": "percentile", "percentile": 99.99, "seed": 1.,
		"calibration_batches": 5., "reestimation_batches": 0., "file": nil} {
		wantField(t, fields, name, want)
	}
}

func TestFinetune(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
	args := append([]string{"finetune", "--recipe", "cifar4", "--epochs", "1", "--batch", "32", "--images", "128", "--validation", "64",
		"--percentile", "99.9", "--weight-decay", "0", "--precision", "w3a4", "--schedule", "cosine", "--out", dir}, work(t)...)
	fields := parsed(t, scoreFields+"start recipe seed train_images history mean_cosine folder", args...)
	for name, want := range map[string]any{"precision": "w3a4", "start": fixtures.weights, "weights": filepath.Join(dir, "final.safetensors"),
		"train_images": 128., "seed": 1., "folder": dir} {
		wantField(t, fields, name, want)
	}
	recipe := fields["recipe"].(map[string]any)
	for name, want := range map[string]any{"name": "cifar4", "scheme": "w3a4", "epochs": 1., "batch": 32., "weight_decay": 0., "momentum": 0.9} {
		wantField(t, recipe, name, want)
	}
	wantField(t, recipe["rate"].(map[string]any), "kind", "cosine")
	epoch := fields["history"].([]any)[0].(map[string]any)
	for _, name := range []string{"epoch", "step", "lr", "train", "validation", "test", "train_s", "images_per_s"} {
		if epoch[name] == nil {
			t.Errorf("no field %s in the history", name)
		}
	}
	if cosine := fields["mean_cosine"].(float64); cosine < 0.9 || cosine >= 1 {
		t.Errorf("mean cosine %v, want close to 1 but not 1", cosine)
	}
	for _, name := range []string{"checkpoint.safetensors", "best.safetensors", "final.safetensors", "metrics.jsonl"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	final := parsed(t, scoreFields, "eval", "--model", "resnet8", "--weights", filepath.Join(dir, "final.safetensors"), "--data", fixtures.images)
	for _, name := range []string{"precision", "top1_pct", "loss"} {
		wantField(t, final, name, fields[name])
	}
	againInFolder(t, dir, args, fields)
}

// Flags for the exponents count also where the weights' file has some; without them those of the file stay.
func TestFinetuneQuantized(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	quantized := filepath.Join(dir, "w4a4.safetensors")
	succeed(t, append([]string{"quantize", "--activations", "percentile", "--percentile", "50", "--out", quantized}, work(t)...)...)
	exponents := func(path string) string {
		file, err := weights.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		return file.Metadata[models.MetaExponents]
	}
	for name, flags := range map[string][]string{"kept": nil, "new": {"--activations", "max"}} {
		out := filepath.Join(dir, name)
		succeed(t, slices.Concat([]string{"finetune", "--recipe", "cifar4", "--epochs", "1", "--batch", "32", "--images", "64", "--model", "resnet8",
			"--weights", quantized, "--data", fixtures.images, "--out", out}, flags)...)
		if got := exponents(filepath.Join(out, "final.safetensors")); got == "" || (got == exponents(quantized)) != (name == "kept") {
			t.Errorf("%s: exponents %s, in the file they were %s", name, got, exponents(quantized))
		}
	}
}

// againInFolder calls for a run whose folder holds it, complete.
func againInFolder(t *testing.T, dir string, args []string, want map[string]any) {
	t.Helper()
	refusal{args: args, want: []string{dir, "holds a run already", "--resume", "--out"}}.check(t)
	refusal{args: append(slices.Clone(args), "--resume", "--epochs", "2"), want: []string{dir, "another run"}}.check(t)
	got := run(t, command(append(slices.Clone(args), "--resume", "--json")...))
	if got.code != 0 || got.stderr != "the run in "+dir+" is complete: nothing was left to train\n" {
		t.Errorf("exit code %d, standard error %q; want 0 and that the run is complete", got.code, got.stderr)
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(got.stdout), &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"precision", "top1_pct", "loss", "mean_cosine", "start"} {
		wantField(t, fields, name, want[name])
	}
}

func TestTrain(t *testing.T) {
	t.Parallel()
	makeFixtures(t)
	args := []string{"train", "--model", "resnet8", "--data", fixtures.images, "--epochs", "2", "--batch", "64", "--seed", "5"}
	cmd := command(args...)
	cmd.Dir = t.TempDir()
	got := run(t, cmd)
	dir := filepath.Join("runs", "train-resnet8-scratch-5") // the default
	if got.code != 0 || !strings.Contains(got.stdout, "files  "+dir+"\n") {
		t.Fatalf("exit code %d, wrote\n%s%swant the folder %s", got.code, got.stdout, got.stderr, dir)
	}
	lines := strings.Split(strings.TrimSpace(got.stderr), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "epoch 1: train loss ") || !strings.HasPrefix(lines[1], "epoch 2: train loss ") {
		t.Errorf("standard error has\n%swant a line for each epoch", got.stderr)
	}
	f, err := weights.Read(filepath.Join(cmd.Dir, dir, "final.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	if start := f.Metadata["finetune_start"]; start != "random, seed 5" {
		t.Errorf("the file says that the start was %q", start)
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	makeFixtures(t)
	figure := filepath.Join(t.TempDir(), "similarity.png")
	fields := parsed(t, "a b mean_cosine layers", "compare", fixtures.weights, fixtures.weights, "--figure", figure)
	wantField(t, fields, "mean_cosine", 1.)
	layers := fields["layers"].([]any)
	if len(layers) != 8 { // first, two in each of three blocks, last
		t.Fatalf("%d layers, want 8", len(layers))
	}
	first := layers[0].(map[string]any)
	wantField(t, first, "name", "conv1.weight")
	wantField(t, first, "size", 432.) // 3*3*3*16
	wantField(t, first, "cosine", 1.)
	if _, err := png.Decode(bytes.NewReader(read(t, figure))); err != nil {
		t.Errorf("the figure: %v", err)
	}
	if text := succeed(t, "compare", fixtures.weights, fixtures.weights); strings.Count(text, "1.000000\n") != 9 {
		t.Errorf("got\n%swant eight layers and their mean, all 1", text)
	}
}

func TestBackends(t *testing.T) {
	makeFixtures(t)
	fields := parsed(t, "engines searched_folders", "backends")
	engines := fields["engines"].([]any)
	last := engines[len(engines)-1].(map[string]any)
	wantField(t, last, "name", "go")
	text := succeed(t, "backends")
	for _, want := range []string{"xla:cpu\n", "xla:cuda\n", "go\n", "searched for plugins\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("got\n%swant %q in it", text, want)
		}
	}
	if testing.Short() {
		t.Skip("copies a plugin of 200 MB")
	}
	i := slices.IndexFunc(engines, func(e any) bool {
		row := e.(map[string]any)
		return row["name"] == "xla:cpu" && row["problem"] == nil
	})
	cache := t.TempDir()
	install := command("backends", "install", "cpu", "--from", engines[i].(map[string]any)["path"].(string))
	install.Env = append(install.Env, "XDG_CACHE_HOME="+cache, "HOME="+cache)
	if got := run(t, install); got.code != 0 || !strings.Contains(got.stdout, "path       "+cache) {
		t.Errorf("exit code %d, wrote\n%s%swant the path in %s", got.code, got.stdout, got.stderr, cache)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	fields := parsed(t, "lpnets go platform libraries", "version")
	if version, _ := fields["libraries"].(map[string]any)["github.com/gomlx/gomlx"].(string); !strings.HasPrefix(version, "v") {
		t.Errorf("version of GoMLX: %q", version)
	}
	if text := succeed(t, "version"); !strings.HasPrefix(text, "lpq ") || !strings.Contains(text, "\ngithub.com/gomlx/gomlx v") {
		t.Errorf("got\n%s", text)
	}
}

// Every command explains itself, and every flag has an explanation.
func TestHelp(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"demo", "eval", "quantize", "finetune", "train", "compare", "data", "predict", "models", "weights", "backends", "version"} {
		if text := succeed(t, name, "--help"); !strings.Contains(text, "Usage:\n  lpq "+name) {
			t.Errorf("help about %s:\n%s", name, text)
		}
	}
	if text := succeed(t); !strings.Contains(text, "Start with: lpq demo") {
		t.Errorf("lpq alone says\n%s", text)
	}
}
