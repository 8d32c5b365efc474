package models_test

import (
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/weights"
)

// zooModel is a network of the zoo with random weights, on the engine that compiles nothing.
func zooModel(t *testing.T, name string, seed int64) *models.Model {
	t.Helper()
	m, err := models.New(testbackend.Go(t), named(t, name), seed)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestDenseNetLoadsOldNames loads a file as torchvision publishes it: names from PyTorch 0.3, and in others batch counters.
func TestDenseNetLoadsOldNames(t *testing.T) {
	m := zooModel(t, "densenet161", 1)
	want := fileOf(t, m)
	renamed := 0
	old := &weights.File{}
	pattern := regexp.MustCompile(`(denselayer\d+\.)(norm|conv)([12])\.`)
	for _, tensor := range want.Tensors {
		if name := pattern.ReplaceAllString(tensor.Name, "$1$2.$3."); name != tensor.Name {
			tensor.Name = name
			renamed++
		}
		old.Tensors = append(old.Tensors, tensor)
		if module, ok := strings.CutSuffix(tensor.Name, "running_var"); ok {
			counter, err := weights.NewInt64(module+"num_batches_tracked", nil, []int64{7})
			if err != nil {
				t.Fatal(err)
			}
			old.Tensors = append(old.Tensors, counter)
		}
	}
	if wantRenamed := (6 + 12 + 36 + 24) * (2*4 + 2); renamed != wantRenamed { // layers, each with two norms of four and two convolutions
		t.Fatalf("%d names are old, want %d", renamed, wantRenamed)
	}
	loaded := zooModel(t, "densenet161", 2)
	if err := loaded.SetWeights(old); err != nil {
		t.Fatal(err)
	}
	got := fileOf(t, loaded)
	for i, tensor := range got.Tensors {
		if tensor.Name != want.Tensors[i].Name || !slices.Equal(tensor.Data, want.Tensors[i].Data) {
			t.Errorf("%s is not what %s was", tensor.Name, want.Tensors[i].Name)
		}
	}
}

// TestInputTables compares preprocessing with its definition.
func TestInputTables(t *testing.T) {
	for _, test := range []struct {
		network   string
		want      func(pixel float64) float64
		tolerance float64
	}{
		{"efficientnet_lite0", func(p float64) float64 { return (p - 127) / 128 }, 0},
		{"inception_v3", func(p float64) float64 { return (p/255 - 0.5) / 0.5 }, 1e-6},
	} {
		network, err := models.Get(test.network)
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range network.InputTable() {
			if want := test.want(float64(i / 3)); math.Abs(float64(got)-want) > test.tolerance {
				t.Errorf("%s: pixel %d, channel %d becomes %v, want %v", test.network, i/3, i%3, got, want)
			}
		}
	}
}

// TestEfficientNetSize compares with what the network's authors publish, 4.7 million parameters, and with a count of the layers by hand.
func TestEfficientNetSize(t *testing.T) {
	m := zooModel(t, "efficientnet_lite0", 0)
	if got := m.NumParameters(); got != 4652008 {
		t.Errorf("%d parameters, want 4652008", got)
	}
	total := 112 * 112 * 27 * 32 // the stem
	size, in := 112, 32
	for _, s := range []struct{ blocks, kernel, strides, expansion, out int }{
		{1, 3, 1, 1, 16}, {2, 3, 2, 6, 24}, {2, 5, 2, 6, 40}, {3, 3, 2, 6, 80}, {3, 5, 1, 6, 112}, {4, 5, 2, 6, 192}, {1, 3, 1, 6, 320},
	} {
		for range s.blocks {
			wide := in * s.expansion
			if s.expansion > 1 {
				total += size * size * in * wide
			}
			size, s.strides = size/s.strides, 1
			total += size * size * wide * (s.kernel*s.kernel + s.out)
			in = s.out
		}
	}
	total += 7*7*320*1280 + 1280*1000
	if got := m.MultiplyAdds(); got != total {
		t.Errorf("%d multiply-adds, want %d", got, total)
	}
}

// TestAuxiliaryHeadIsNotDeployed checks that a network's size is without what only training needs, and its file with it.
func TestAuxiliaryHeadIsNotDeployed(t *testing.T) {
	m := zooModel(t, "inception_v3", 0)
	inFile, head := 0, 0
	for _, tensor := range fileOf(t, m).Tensors {
		inFile += len(tensor.Data)
		if strings.HasPrefix(tensor.Name, "AuxLogits.") {
			head += len(tensor.Data)
		}
	}
	if head == 0 || m.SizeBytes() != inFile-head {
		t.Errorf("size is %d; the file has %d, %d of it the auxiliary classifier", m.SizeBytes(), inFile, head)
	}
	for _, site := range append(m.Weights(), m.Activations()...) {
		if strings.HasPrefix(site.Name, "AuxLogits") {
			t.Errorf("%s would be quantized", site.Name)
		}
	}
}

// loadState has PyTorch load a file, and print of every tensor the sum of values times their places, which depends on their order.
const loadState = `
import sys, torch
d = torch.load(sys.argv[1], weights_only=True)
for k, v in d["state_dict"].items():
    print(k, "x".join(map(str, v.shape)), (v.double().flatten() * torch.arange(v.numel())).sum().item() / v.numel())
`

// TestTorchReadsNetworks saves networks, and PyTorch finds torchvision's names and shapes, and the values in its own order.
func TestTorchReadsNetworks(t *testing.T) {
	if testing.Short() {
		t.Skip("starts PyTorch, which takes seconds")
	}
	const python = "/usr/bin/python3" // where Debian's package python3-torch puts PyTorch
	if out, err := exec.Command(python, "-c", "import torch").CombinedOutput(); err != nil {
		t.Skipf("%s has no PyTorch (Debian's package python3-torch), which reads the file back: %v %s", python, err, out)
	}
	g := readTorchvision(t, "resnet18")
	m := formulaModel(t, "resnet18", g)
	path := filepath.Join(t.TempDir(), "resnet18.pth")
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "-c", loadState, path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var want []string
	for _, tensor := range g.formula(t).Tensors {
		values, err := tensor.Float32s()
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.
		for i, v := range values {
			sum += float64(v) * float64(i)
		}
		sum /= float64(len(values))
		want = append(want, fmt.Sprintf("%s %s %.6f", tensor.Name, strings.Trim(strings.ReplaceAll(fmt.Sprint(tensor.Shape), " ", "x"), "[]"), sum))
	}
	var got []string
	for line := range strings.Lines(string(out)) {
		var name, shape string
		var sum float64
		if _, err := fmt.Sscan(line, &name, &shape, &sum); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		got = append(got, fmt.Sprintf("%s %s %.6f", name, shape, sum))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("PyTorch finds\n%q, want\n%q", got, want)
	}
}
