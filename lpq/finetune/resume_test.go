package finetune_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/quant"
)

// envRunDir makes the test binary run the training of trainSmall in that folder, instead of tests: a process to kill.
const envRunDir = "LPQ_TEST_RUN_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(envRunDir); dir != "" {
		// Checkpoints after every step: a kill may hit anywhere in one.
		if _, err := trainSmall(new(testing.T), context.Background(), dir, finetune.Observer{Step: func(finetune.Progress) { fmt.Print(".") }}, 1); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// trainSmall fine-tunes a random resnet8 in w4a4, 3 epochs of 6 steps, going on with what is in dir.
func trainSmall(t testing.TB, ctx context.Context, dir string, observer finetune.Observer, workers int) (finetune.History, error) {
	return trainSmallBy(t, ctx, dir, func(o *finetune.Options) { o.Observer, o.Workers = observer, workers })
}

func trainSmallBy(t testing.TB, ctx context.Context, dir string, change func(*finetune.Options)) (finetune.History, error) {
	network, err := models.Get("resnet8")
	if err != nil {
		return nil, err
	}
	m, err := models.New(testbackend.XLA(t), network, 1)
	if err != nil {
		return nil, err
	}
	recipe, err := finetune.Get("cifar4")
	if err != nil {
		return nil, err
	}
	recipe.Batch, recipe.Reestimate = 32, 2
	train, test := data.Synthetic(1, 6*32, 64)
	options := finetune.Options{Recipe: recipe, Seed: 7, Dir: dir, Resume: true, CheckpointEvery: time.Nanosecond}
	change(&options)
	return finetune.Run(ctx, m, finetune.Sets{Train: train, Validation: test}, options)
}

// trainAndKill trains in a process that is killed when it has done so many steps, a moment later each time, and reports whether it ended before.
func trainAndKill(t *testing.T, dir string, steps int) (ended bool) {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), envRunDir+"="+dir)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	_, err = io.ReadFull(stdout, make([]byte, steps))
	killed := err == nil
	if killed {
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond) // in a step, or in a checkpoint
		_ = command.Process.Kill()                                  // it may have ended
	}
	err = command.Wait()
	if err != nil && !killed {
		t.Fatalf("the run failed: %v: %s", err, stderr.String())
	}
	return err == nil
}

// results are the files that two runs of the same training must have alike.
func results(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, name := range []string{finetune.CheckpointFile, finetune.BestFile, finetune.FinalFile} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = content
	}
	return files
}

func compare(t *testing.T, what, dir string, want map[string][]byte) {
	t.Helper()
	for name, content := range results(t, dir) {
		if !bytes.Equal(content, want[name]) {
			t.Errorf("%s: %s is not the same as that of an unbroken run", what, name)
		}
	}
}

func TestInterruptedRunsEndWithTheSameBits(t *testing.T) {
	unbroken := t.TempDir()
	history, err := trainSmall(t, context.Background(), unbroken, finetune.Observer{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(history) != 3 || history.Last().Step != 18 {
		t.Errorf("history has %d epochs, %d steps; want 3 and 18", len(history), history.Last().Step)
	}
	want := results(t, unbroken)

	t.Run("more workers", func(t *testing.T) {
		dir := t.TempDir()
		if _, err := trainSmall(t, context.Background(), dir, finetune.Observer{}, 3); err != nil {
			t.Fatal(err)
		}
		compare(t, "three workers", dir, want)
	})

	t.Run("interrupted", func(t *testing.T) {
		dir := t.TempDir()
		for _, stopAt := range []int{2, 12} { // within an epoch, at the end of one
			ctx, cancel := context.WithCancel(context.Background())
			_, err := trainSmall(t, ctx, dir, finetune.Observer{Step: func(p finetune.Progress) {
				if p.Step == stopAt {
					cancel()
				}
			}}, 1)
			cancel()
			if !errors.Is(err, finetune.ErrInterrupted) || !strings.Contains(err.Error(), "resume") {
				t.Fatalf("stopped at step %d: error %v, want one that says how to resume", stopAt, err)
			}
		}
		history, err := trainSmall(t, context.Background(), dir, finetune.Observer{}, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(history) != 3 {
			t.Errorf("history has %d epochs after resuming, want 3", len(history))
		}
		compare(t, "interrupted twice", dir, want)
	})

	t.Run("stopped by a check", func(t *testing.T) {
		dir, full, steps := t.TempDir(), errors.New("no space"), 0
		_, err := trainSmallBy(t, context.Background(), dir, func(o *finetune.Options) {
			o.Check = func() error {
				if steps++; steps == 5 {
					return full
				}
				return nil
			}
		})
		if !errors.Is(err, full) {
			t.Fatalf("got %v, want the error of the check", err)
		}
		first := 0
		_, err = trainSmall(t, context.Background(), dir, finetune.Observer{Step: func(p finetune.Progress) {
			if first == 0 {
				first = p.Step
			}
		}}, 1)
		if err != nil || first != 5 {
			t.Errorf("went on with step %d, %v; want 5, which the check stopped", first, err)
		}
		compare(t, "stopped by a check", dir, want)
	})

	t.Run("killed", func(t *testing.T) {
		if testing.Short() {
			t.Skip("starts processes")
		}
		dir := t.TempDir()
		for steps := 5; !trainAndKill(t, dir, steps); steps = 4 { // 18 steps: killed four times
		}
		compare(t, "killed", dir, want)
	})
}

// Two trainings would overwrite each other's files.
func TestOneTrainingInAFolder(t *testing.T) {
	dir, tried := t.TempDir(), false
	_, err := trainSmall(t, context.Background(), dir, finetune.Observer{Step: func(finetune.Progress) {
		if tried {
			return
		}
		tried = true
		if _, err := trainSmall(t, context.Background(), dir, finetune.Observer{}, 1); err == nil || !strings.Contains(err.Error(), "another process is at work in "+dir) {
			t.Errorf("a second one in the same folder: error %v", err)
		}
	}}, 1)
	if err != nil || !tried {
		t.Fatalf("tried %v, error %v", tried, err)
	}
	if _, err := trainSmall(t, context.Background(), dir, finetune.Observer{}, 1); err != nil {
		t.Errorf("when the first has ended: %v", err)
	}
}

// Exponents that the caller chose stay where the recipe's precision is the model's, however that is written. A second call for the run wants the network
// from before the first.
func TestRunKeepsExponents(t *testing.T) {
	m := small(t)
	recipe, err := finetune.Get("cifar4")
	if err != nil {
		t.Fatal(err)
	}
	recipe.Batch, recipe.Epochs, recipe.WeightRule = 32, 1, ""
	scheme, err := recipe.Precision()
	if err != nil {
		t.Fatal(err)
	}
	scheme.WeightRule, scheme.Granularity = quant.RuleMax, quant.PerTensor
	if err := m.SetScheme(scheme); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{}
	for _, a := range m.Activations() {
		want[a.Name] = -3
	}
	if err := m.SetExponents(want); err != nil {
		t.Fatal(err)
	}
	train, _ := data.Synthetic(1, 32, 16)
	options := finetune.Options{Recipe: recipe, Dir: t.TempDir(), Resume: true}
	if _, err := finetune.Run(context.Background(), m, finetune.Sets{Train: train}, options); err != nil {
		t.Fatal(err)
	}
	if got, err := m.Exponents(); err != nil || !maps.Equal(got, want) {
		t.Errorf("got exponents %v, %v; want those that were set", got, err)
	}
	_, err = finetune.Run(context.Background(), m, finetune.Sets{Train: train}, options)
	if err == nil || !strings.Contains(err.Error(), "pass the network that the run started from") {
		t.Errorf("with the trained network: error %v", err)
	}
}

func TestReadHistory(t *testing.T) {
	const good = `{"epoch": 1, "train": {"loss": 2}}` + "\n"
	for text, want := range map[string]string{good: "", good + "{}\n": "line 2 of ", "null\n": "line 1 of ", good + "{": "line 2 of "} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, finetune.MetricsFile), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		history, err := finetune.ReadHistory(dir)
		if want == "" && (err != nil || history.Last().Train.Loss != 2) {
			t.Errorf("%q: %v, %v", text, history, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want+filepath.Join(dir, finetune.MetricsFile))) {
			t.Errorf("%q: error %v, want %q and the file", text, err, want)
		}
	}
}

// Before the first step there is nothing to save: the error is not the one that says so.
func TestInterruptedCalibration(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	_, err := trainSmall(t, ctx, dir, finetune.Observer{}, 1)
	if !errors.Is(err, context.Canceled) || errors.Is(err, finetune.ErrInterrupted) {
		t.Errorf("got %v, want that of the context", err)
	}
}

// What a training gave is not replaced, whether its checkpoint is there or not; what a killed write left is removed.
func TestFolderWithoutCheckpoint(t *testing.T) {
	for _, name := range []string{finetune.FinalFile, finetune.MetricsFile} {
		dir := t.TempDir()
		kept, leftover := filepath.Join(dir, name), filepath.Join(dir, finetune.CheckpointFile+".tmp-1")
		for _, path := range []string{kept, leftover} {
			if err := os.WriteFile(path, nil, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		_, err := trainSmall(t, t.Context(), dir, finetune.Observer{}, 1)
		if err == nil || !strings.Contains(err.Error(), dir+" holds a run without its checkpoint ("+name+")") {
			t.Errorf("%s: error %v", name, err)
		}
		if _, err := os.Stat(kept); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(leftover); !os.IsNotExist(err) {
			t.Errorf("what a killed write left: %v, want that it is gone", err)
		}
	}
}

func TestRunRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := trainSmall(t, context.Background(), dir, finetune.Observer{}, 1); err != nil {
		t.Fatal(err)
	}
	network, err := models.Get("resnet8")
	if err != nil {
		t.Fatal(err)
	}
	train, _ := data.Synthetic(1, 64, 16)
	small, err := data.NewMemory("small", data.Shape{Height: 8, Width: 8, Channels: 3}, train.Classes(), []int32{0, 1}, make([]uint8, 2*8*8*3))
	if err != nil {
		t.Fatal(err)
	}
	recipe, err := finetune.Get("control")
	if err != nil {
		t.Fatal(err)
	}
	recipe.Batch, recipe.Epochs = 32, 1
	same, err := finetune.Get("cifar4") // as trainSmall
	if err != nil {
		t.Fatal(err)
	}
	same.Batch, same.Reestimate = 32, 2
	others, judges := data.Synthetic(2, 6*32, 64)
	diverging := recipe
	diverging.Rate.Start = 1e30
	for name, test := range map[string]struct {
		options finetune.Options
		sets    finetune.Sets
		want    string
	}{
		"a folder with a run":     {finetune.Options{Recipe: recipe, Dir: dir}, finetune.Sets{Train: train}, "holds a run already"},
		"another run to resume":   {finetune.Options{Recipe: recipe, Dir: dir, Resume: true}, finetune.Sets{Train: train}, "another run"},
		"other images to resume":  {finetune.Options{Recipe: same, Seed: 7, Dir: dir, Resume: true}, finetune.Sets{Train: others, Validation: judges}, "another run: data_sha256 is "},
		"images of another shape": {finetune.Options{Recipe: recipe}, finetune.Sets{Train: small}, "images of small are"},
		"no images to test on":    {finetune.Options{Recipe: recipe}, finetune.Sets{Train: train, Test: data.Head(train, 0)}, "has no images"},
		"no data":                 {finetune.Options{Recipe: recipe}, finetune.Sets{}, "no training data"},
		"no epochs":               {finetune.Options{Recipe: finetune.Recipe{Scheme: "fp32"}}, finetune.Sets{Train: train}, "epochs"},
		"a rate that diverges":    {finetune.Options{Recipe: diverging}, finetune.Sets{Train: train}, "training diverged"},
		"a folder that is a file": {finetune.Options{Recipe: recipe, Dir: filepath.Join(dir, finetune.FinalFile)}, finetune.Sets{Train: train}, "folder"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := models.New(testbackend.XLA(t), network, 1)
			if err != nil {
				t.Fatal(err)
			}
			_, err = finetune.Run(context.Background(), m, test.sets, test.options)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}
