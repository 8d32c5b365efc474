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
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a/" + finetune.MetricsFile: `{"epoch": 1, "train": {"top1_pct": 50}, "test": {"top1_pct": 40}}` + "\n",
		"b/" + finetune.MetricsFile: `{"epoch": 1, "train": {"top1_pct": 60}}` + "\n",
		"c/" + finetune.MetricsFile: `{"epoch": 1, "train": {"top1_pct": 50}, "test": {"top1_pct": 70}}` + "\n",
		"c/config.json":             `{"label": "w4a4", "seed": 3}`,
		"d/" + finetune.MetricsFile: "",
		"d/config.json":             `{"label"`,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for folders, want := range map[string][]string{ // names, and the axis; of an error, what it says
		"a":   {"): a", "top-1 on test images (%)"},
		"a b": {"): a, b", "top-1 on augmented training images (%)"},
		"a c": {"): a, w4a4, seed 3", "top-1 on test images (%)"},
		"d":   {"config.json"},
	} {
		var dirs []string
		for _, name := range strings.Fields(folders) {
			dirs = append(dirs, filepath.Join(dir, name))
		}
		got := ""
		if f, err := lpq.CurvesFigure("runs", dirs...); err != nil {
			got = err.Error()
		} else if svg, err := f.SVG(); err != nil {
			t.Errorf("%s: error %v", folders, err)
		} else {
			got = f.String() + string(svg)
		}
		for _, text := range want {
			if !strings.Contains(got, text) {
				t.Errorf("%s: got %.200q, want %q in it", folders, got, text)
			}
		}
	}
	if _, err := lpq.CurvesFigure("none", t.TempDir()); err == nil || !strings.Contains(err.Error(), finetune.MetricsFile) {
		t.Errorf("no run: error %v", err)
	}
}
