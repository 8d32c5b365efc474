package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
)

// envCommand makes the test's program behave as the command: exit codes and signals are those of a process of its own.
const envCommand = "LPQ_TEST_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(envCommand) != "" {
		main()
		return
	}
	code := m.Run()
	if fixtures.dir != "" {
		_ = os.RemoveAll(fixtures.dir) // a temporary folder
	}
	os.Exit(code)
}

// environment of the command: XLA on the CPU, for its bits do not depend on the machine's load.
func environment(extra ...string) []string {
	return append(append(os.Environ(), envCommand+"=1", compute.ConfigEnvVar+"=xla:cpu"), extra...)
}

// command is lpq with these arguments.
func command(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = environment()
	return cmd
}

// output is what a command left behind.
type output struct {
	stdout, stderr string
	code           int
}

func run(t *testing.T, cmd *exec.Cmd) output {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return output{stdout.String(), withoutProgress(stderr.String()), cmd.ProcessState.ExitCode()}
}

// withoutProgress leaves out the lines that show progress on a machine so slow, or so busy, that an action takes ten seconds.
func withoutProgress(text string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if !strings.Contains(line, " % · ") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// succeed runs lpq and returns what it wrote to standard output.
func succeed(t *testing.T, args ...string) string {
	t.Helper()
	got := run(t, command(args...))
	if got.code != 0 || strings.Contains(got.stderr, "lpq: ") {
		t.Fatalf("lpq %s: exit code %d: %s", strings.Join(args, " "), got.code, got.stderr)
	}
	return got.stdout
}

// fixtures are made once: folders of CIFAR-10's form with few images, and the weights of a random resnet8.
var fixtures struct {
	once    sync.Once
	dir     string
	err     error
	images  string // 320 to train on, 128 to test
	weights string
}

// work is an input of the commands: the network, weights and images.
func work(t *testing.T) []string {
	t.Helper()
	makeFixtures(t)
	return []string{"--model", "resnet8", "--weights", fixtures.weights, "--data", fixtures.images}
}

func makeFixtures(t *testing.T) {
	t.Helper()
	engine := testbackend.XLA(t)
	f := &fixtures
	f.once.Do(func() {
		if f.dir, f.err = os.MkdirTemp("", "lpq-test-*"); f.err != nil {
			return
		}
		f.images, f.weights = filepath.Join(f.dir, "images"), filepath.Join(f.dir, "resnet8.safetensors")
		if f.err = writeImages(f.images); f.err == nil {
			f.err = writeWeights(engine, f.weights)
		}
	})
	if f.err != nil {
		t.Fatal(f.err)
	}
}

// writeImages renders the built-in images into the files of CIFAR-10.
func writeImages(dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	train, test := data.Synthetic(1, 320, 128)
	files := map[string][]byte{"batches.meta.txt": []byte(strings.Join(train.Classes(), "\n"))}
	names := []string{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"}
	for i := range train.Len() {
		name := names[i%len(names)]
		files[name] = append(files[name], record(train, i)...)
	}
	for i := range test.Len() {
		files["test_batch.bin"] = append(files["test_batch.bin"], record(test, i)...)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// record is an image in CIFAR-10's form: the label, and one plane after the other.
func record(set data.Dataset, i int) []byte {
	shape := set.Shape()
	pixels := make([]byte, shape.Size())
	if err := set.Image(i, pixels); err != nil {
		panic(err)
	}
	rec := []byte{byte(set.Label(i))}
	for channel := range shape.Channels {
		for at := channel; at < len(pixels); at += shape.Channels {
			rec = append(rec, pixels[at])
		}
	}
	return rec
}

func writeWeights(engine compute.Backend, path string) error {
	network, err := models.Get("resnet8")
	if err != nil {
		return err
	}
	m, err := models.New(engine, network, 1)
	if err != nil {
		return err
	}
	return m.Save(path)
}
