package lpq_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/builtin"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/weights"
)

// An activation's grid is that of its quantizer: the image has 8 bits in a 4-bit network, what comes after a ReLU has no negative values.
func TestActivationFigure(t *testing.T) {
	m, err := lpq.LoadModel(testbackend.XLA(t), builtin.Network, lpq.BuiltIn)
	if err != nil {
		t.Fatal(err)
	}
	train, _ := data.Synthetic(1, 256, 1)
	if _, err := lpq.ActivationFigure(t.Context(), m, train, "relu1"); err == nil || !strings.Contains(err.Error(), "quantize the network first") {
		t.Errorf("fp32: error %v", err)
	}
	low, err := lpq.Quantize(t.Context(), m, "w4a4", train, lpq.QuantizeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for activation, want := range map[string]string{"input": "input, 393216 values, and its 8-bit grid", "relu1": "relu1, 2097152 values, and its 4-bit grid"} { // 128 images
		f, err := lpq.ActivationFigure(t.Context(), low, train, activation)
		if err != nil {
			t.Fatal(err)
		}
		if f.Title() != want || f.Err() != nil {
			t.Errorf("%s: figure %q, error %v; want %q", activation, f.Title(), f.Err(), want)
		}
	}
	if _, err := lpq.ActivationFigure(t.Context(), low, train, "relu9"); err == nil || !strings.Contains(err.Error(), `no activation "relu9"; it has input, relu1, `) {
		t.Errorf("unknown: error %v", err)
	}
}

func TestCompareFiles(t *testing.T) {
	file, err := builtin.Weights()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "a.safetensors")
	if err := weights.Write(path, file); err != nil {
		t.Fatal(err)
	}
	c, err := lpq.CompareFiles("itself", path, path)
	if err != nil || c.Name != "itself" || len(c.Layers) != 8 {
		t.Fatalf("got %+v, %v", c, err)
	}
	for _, l := range c.Layers {
		if math.Abs(l.Cosine-1) > 1e-12 {
			t.Errorf("%s: cosine %v to itself", l.Name, l.Cosine)
		}
	}
	if _, err := lpq.CompareFiles("", path, path+"missing"); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("missing: error %v", err)
	}
}

func TestCurvesFigure(t *testing.T) {
	dirs := []string{filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")}
	for i, text := range []string{`{"epoch": 1, "train": {"top1_pct": 50}, "test": {"top1_pct": 40}}` + "\n", `{"epoch": 1, "train": {"top1_pct": 60}}` + "\n"} {
		if err := os.MkdirAll(dirs[i], 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dirs[i], finetune.MetricsFile), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	f, err := lpq.CurvesFigure("two runs", dirs...)
	if err != nil || f.Err() != nil || !strings.Contains(f.String(), "a, b") {
		t.Errorf("got %v, %v", f, err)
	}
	if _, err := lpq.CurvesFigure("none", t.TempDir()); err == nil || !strings.Contains(err.Error(), finetune.MetricsFile) {
		t.Errorf("no run: error %v", err)
	}
}
