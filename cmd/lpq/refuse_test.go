package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/lpq/weights"
)

// refusal is a call that must fail, with these words in its one line.
type refusal struct {
	name string
	args []string
	want []string
	env  []string
}

// check runs the command: one line on standard error that begins with "lpq: ", exit code 1, nothing on standard output.
func (r refusal) check(t *testing.T) {
	t.Helper()
	cmd := command(r.args...)
	cmd.Env = append(cmd.Env, r.env...)
	got := run(t, cmd)
	if got.code != 1 || got.stdout != "" {
		t.Errorf("exit code %d, standard output %q; want 1 and nothing", got.code, got.stdout)
	}
	line, rest, ended := strings.Cut(got.stderr, "\n")
	if !strings.HasPrefix(line, "lpq: ") || rest != "" || !ended {
		t.Errorf("standard error has\n%swant one line that begins with lpq:", got.stderr)
	}
	for _, want := range append(r.want, "goroutine") {
		if strings.Contains(line, want) == (want == "goroutine") {
			t.Errorf("got %q, want %q in it, and no stack trace", line, want)
		}
	}
}

func refuse(t *testing.T, refusals []refusal) {
	t.Helper()
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.check(t)
		})
	}
}

// file makes a file in a temporary folder.
func file(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// hundredClasses is the network's weights with a last layer of a hundred classes.
func hundredClasses(t *testing.T) string {
	t.Helper()
	f, err := weights.Read(fixtures.weights)
	if err != nil {
		t.Fatal(err)
	}
	for i, tensor := range f.Tensors {
		if strings.HasPrefix(tensor.Name, "linear.") {
			shape := append([]int{100}, tensor.Shape[1:]...)
			size := 100
			for _, n := range shape[1:] {
				size *= n
			}
			if f.Tensors[i], err = weights.NewFloat32(tensor.Name, shape, make([]float32, size)); err != nil {
				t.Fatal(err)
			}
		}
	}
	f.Metadata = nil
	path := filepath.Join(t.TempDir(), "hundred.pth")
	if err := weights.Write(path, f); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRefusesBadWeights(t *testing.T) {
	makeFixtures(t)
	real := shared.Path(t, "models", "resnet20-12fca82f.th")
	truncated := file(t, "truncated.th", read(t, real)[:100_000])
	eval := func(model, file string) []string {
		return []string{"eval", "--data", fixtures.images, "--model", model, "--weights", file}
	}
	system := filepath.Join("..", "..", "lpq", "weights", "testdata", "system.")
	refuse(t, []refusal{
		{name: "missing file", args: eval("resnet20", "none.th"), want: []string{"none.th", "no such file", "lpq weights pull resnet20"}},
		{name: "truncated", args: eval("resnet20", truncated), want: []string{"truncated.th", "truncated; fetch or copy it again"}},
		{name: "another depth", args: eval("resnet32", real), want: []string{real, "do not fit network resnet32", "layer1.3.conv1.weight"}},
		{name: "another network's checkpoint", args: eval("resnet20", fixtures.weights), want: []string{"belong to network resnet8, not resnet20"}},
		{name: "unknown network", args: eval("resnet21", real), want: []string{`"resnet21"`, "there are resnet8, resnet20"}},
		{name: "class count", args: eval("resnet8", hundredClasses(t)), want: []string{"hundred.pth", "linear.weight", "100 classes", "has 10"}},
		{name: "no weights", args: []string{"eval", "--data", fixtures.images, "--model", "resnet20"}, want: []string{"only resnet8 has", "name a weight file", "lpq weights pull resnet20"}},
		{name: "pickle that calls os.system", args: eval("resnet20", system+"pickle"), want: []string{"posix.system", "refused", "state_dict"}},
		{name: "the same, zip form", args: eval("resnet20", system+"pth"), want: []string{"posix.system", "refused", "state_dict"}},
		{name: "the same, legacy form", args: eval("resnet20", system+"th"), want: []string{"posix.system", "refused", "state_dict"}},
		{name: "folder", args: eval("resnet20", t.TempDir()), want: []string{"folder"}},
	})
}

func TestRefusesBadData(t *testing.T) {
	makeFixtures(t)
	cut := t.TempDir()
	if err := os.CopyFS(cut, os.DirFS(fixtures.images)); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(cut, "data_batch_3.bin"), 5000); err != nil {
		t.Fatal(err)
	}
	eval := func(dir string) []string {
		return []string{"eval", "--model", "resnet8", "--weights", fixtures.weights, "--data", dir}
	}
	refuse(t, []refusal{
		{name: "missing folder", args: eval("none"), want: []string{"none", "no such file", "cifar-10-binary.tar.gz"}},
		{name: "empty folder", args: eval(t.TempDir()), want: []string{"test_batch.bin", "cifar-10-binary.tar.gz"}},
		{name: "batch cut short", args: eval(cut), want: []string{"data_batch_3.bin", "cut short", "5000 bytes"}},
		{name: "file", args: eval(fixtures.weights), want: []string{"a file, not a folder"}},
	})
}

func TestRefusesBadEngines(t *testing.T) {
	input := work(t)
	eval := func(args ...string) []string { return slices.Concat([]string{"eval"}, input, args) }
	text := file(t, "x.so", []byte("not a plugin"))
	empty := t.TempDir()
	noPlugin := []string{"HOME=" + empty, "XDG_CACHE_HOME=" + empty, "PJRT_PLUGIN_LIBRARY_PATH=", "LD_LIBRARY_PATH=", compute.ConfigEnvVar + "="}
	refusals := []refusal{
		{name: "broken plugin", args: eval("--backend", "xla:"+text), want: []string{text, "not a shared library", "install it again"}},
		{name: "unknown engine", args: eval("--backend", "tpu"), want: []string{`"tpu"`, "want xla:cpu, xla:cuda"}},
		{name: "devices", args: eval("--devices", "-1"), want: []string{"-1 devices", "want 1 to"}},
		{name: "unknown platform", args: []string{"backends", "install", "tpu"}, want: []string{`"tpu"`, "want cpu or cuda"}},
		{name: "install without", args: []string{"backends", "install"}, want: []string{"want cpu or cuda", "--help"}},
		{name: "install a text", args: []string{"backends", "install", "cpu", "--from", text}, env: noPlugin, want: []string{text, "not a shared library"}},
		{name: "install nothing", args: []string{"backends", "install", "cpu", "--from", "none.whl"}, env: noPlugin, want: []string{"none.whl", "no such file"}},
	}
	if found, _ := filepath.Glob("/usr/local/lib/go*/*"); len(found) == 0 { // else a plugin for all users; Glob fails for a malformed pattern only
		refusals = append(refusals, refusal{name: "no plugin", args: eval(), env: noPlugin, want: []string{"no plugin is installed", "lpq backends install cpu"}})
	}
	refuse(t, refusals)
}

func TestRefusesBadFlags(t *testing.T) {
	input := work(t)
	quantize := func(args ...string) []string { return slices.Concat([]string{"quantize"}, input, args) }
	tune := func(args ...string) []string {
		return slices.Concat([]string{"finetune", "--out", filepath.Join(t.TempDir(), "run")}, input, args)
	}
	refuse(t, []refusal{
		{name: "unknown command", args: []string{"evla"}, want: []string{`"evla"`, "do you mean eval?", "lpq --help"}},
		{name: "unknown subcommand", args: []string{"backends", "list"}, want: []string{`"list"`, "lpq backends --help"}},
		{name: "help about nothing", args: []string{"help", "nothing"}, want: []string{`"nothing"`, "lpq --help"}},
		{name: "unknown flag", args: []string{"eval", "--wieghts", "x"}, want: []string{"--wieghts", "lpq eval --help"}},
		{name: "argument", args: []string{"eval", "x.th"}, want: []string{`"x.th"`, "lpq eval --help"}},
		{name: "one file", args: []string{"compare", "x.th"}, want: []string{"got 1 arguments", "one weight file and another"}},
		{name: "seed", args: []string{"eval", "--seed", "-1"}, want: []string{"--seed", "lpq eval --help"}},
		{name: "99 bits", args: quantize("--precision", "w99a1"), want: []string{`"w99a1"`, "2 to 8, or 32"}},
		{name: "no precision", args: quantize("--precision", "int4"), want: []string{`"int4"`, "w4a4"}},
		{name: "percentile", args: quantize("--percentile", "101"), want: []string{"--percentile 101", "at most 100"}},
		{name: "percentile 0", args: quantize("--percentile", "0"), want: []string{"--percentile 0", "above 0"}},
		{name: "percentile NaN", args: quantize("--percentile", "NaN"), want: []string{"--percentile NaN"}},
		{name: "percentile of mse", args: quantize("--percentile", "99", "--activations", "mse"), want: []string{"exclude each other"}},
		{name: "activations", args: quantize("--activations", "min"), want: []string{"--activations", `"min"`, `"percentile" or "mse"`}},
		{name: "weight exponents", args: quantize("--weight-exponents", "min"), want: []string{"--weight-exponents", `"max" or "mse"`}},
		{name: "exponents of fp32", args: quantize("--precision", "fp32", "--activations", "mse"), want: []string{"no effect in fp32"}},
		{name: "exponents of a recipe in fp32", args: tune("--recipe", "control", "--percentile", "99"), want: []string{"no effect in fp32", "--precision"}},
		{name: "workers", args: tune("--workers", "100000"), want: []string{"--workers 100000", "no more than 1024"}},
		{name: "workers of a rate", args: []string{"data", "rate", "none", "--workers", "3000000000"}, want: []string{"--workers 3000000000", "no more than 1024"}},
		{name: "images of a rate", args: []string{"data", "rate", "none", "--images", "9223372036854775807"}, want: []string{"--images 9223372036854775807", "no more than 1000000000"}},
		{name: "labels", args: []string{"predict", "none.png", "--labels", os.DevNull}, want: []string{"--labels", "no text file"}},
		{name: "batches", args: quantize("--batches", "-3"), want: []string{"--batches -3"}},
		{name: "batch of a calibration", args: quantize("--batch", "0"), want: []string{"--batch 0"}},
		{name: "quantize to an extension", args: quantize("--out", "x.bin"), want: []string{"x.bin", ".safetensors, .pth"}},
		{name: "quantize to nowhere", args: quantize("--out", "none/x.pth"), want: []string{"--out none/x.pth", "no folder none"}},
		{name: "epochs", args: tune("--epochs", "-1"), want: []string{"-1 epochs", "one or more"}},
		{name: "batch", args: tune("--batch", "0"), want: []string{"batch of 0", "two or more"}},
		{name: "images", args: tune("--images", "321"), want: []string{"--images 321", "320 training images"}},
		{name: "validation", args: tune("--images", "300", "--validation", "21"), want: []string{"--validation 21", "320 training images"}},
		{name: "rate", args: tune("--lr", "-1"), want: []string{"-1", "positive rate"}},
		{name: "weight decay", args: tune("--weight-decay", "inf"), want: []string{"weight decay +Inf", "0 or more"}},
		{name: "end of a constant rate", args: tune("--recipe", "cifar8", "--lr-end", "1"), want: []string{"--lr-end", "cifar8", "constant"}},
		{name: "schedule", args: tune("--schedule", "linear"), want: []string{`"linear"`, "cosine"}},
		{name: "schedule without an end", args: tune("--recipe", "cifar8", "--schedule", "cosine"), want: []string{"--schedule cosine", "cifar8", "--lr-end"}},
		{name: "recipe", args: tune("--recipe", "cake"), want: []string{`"cake"`, "cifar4"}},
		{name: "precision", args: tune("--precision", "w1a1"), want: []string{`"w1a1"`, "2 to 8"}},
		{name: "folder that is a file", args: tune("--out", fixtures.weights), want: []string{fixtures.weights, "not a directory"}},
		{name: "compare with nothing", args: []string{"compare", fixtures.weights, "none.th"}, want: []string{"none.th", "no such file"}},
		{name: "compare depths", args: []string{"compare", fixtures.weights, shared.Path(t, "models", "resnet20-12fca82f.th")}, want: []string{"only in one of the networks"}},
		{name: "figure", args: []string{"compare", fixtures.weights, fixtures.weights, "--figure", "x.bmp"}, want: []string{"x.bmp", ".png or .svg"}},
	})
}

// A loss that is not finite ends the training; the result is not left under a whole one's name.
func TestRefusesLossesThatAreNotFinite(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
	refusal{
		args: append([]string{"finetune", "--lr", "1e30", "--batch", "32", "--out", dir}, work(t)...),
		want: []string{"diverged", "a smaller learning rate", "not finite"},
	}.check(t)
	if _, err := os.Stat(filepath.Join(dir, "final.safetensors")); !os.IsNotExist(err) {
		t.Errorf("final.safetensors: got %v, want that it does not exist", err)
	}
}

// The result goes to a device that is full.
func TestFullOutput(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	defer full.Close()
	for _, flag := range []string{"--json=false", "--json"} {
		cmd := command("version", flag)
		var stderr strings.Builder
		cmd.Stdout, cmd.Stderr = full, &stderr
		if err := cmd.Run(); err == nil || !strings.HasPrefix(stderr.String(), "lpq: printing the result") {
			t.Errorf("%s: got error %v, %q; want exit code 1 and a line about the result", flag, err, stderr.String())
		}
	}
}
