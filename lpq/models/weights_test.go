package models_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/weights"
)

func TestSetWeightsOfFileIsIdentity(t *testing.T) {
	m := calibrated(t, 1, "w4a4")
	m.Provenance["note"] = "made by a test"
	want := fileOf(t, m)
	other := newTiny(t, 2)
	if err := other.SetWeights(want); err != nil {
		t.Fatal(err)
	}
	wantSame(t, "file of a model that took over another's", fileOf(t, other), want)
	if other.Scheme() != m.Scheme() || !other.Calibrated() {
		t.Errorf("precision is %s, calibrated: %v; want %s and true", other.Scheme(), other.Calibrated(), m.Scheme())
	}
}

func TestSaveAndLoadFile(t *testing.T) {
	for _, extension := range []string{".safetensors", ".pth", ".pt", ".th"} {
		t.Run(extension, func(t *testing.T) {
			m := calibrated(t, 1, "w4a8")
			m.Provenance["weights"] = "from somewhere"
			path := filepath.Join(t.TempDir(), "model"+extension)
			if err := m.Save(path); err != nil {
				t.Fatal(err)
			}
			loaded := newTiny(t, 2)
			if err := loaded.LoadFile(path); err != nil {
				t.Fatal(err)
			}
			wantSame(t, "file of the loaded model", fileOf(t, loaded), fileOf(t, m))
			pixels := make([]uint8, tinyInput.Size())
			want, err := m.Logits(pixels)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := loaded.Logits(pixels); err != nil || !slices.Equal(got, want) {
				t.Errorf("logits %v, %v; want %v", got, err, want)
			}
		})
	}
	wantError(t, newTiny(t, 1).Save(filepath.Join(t.TempDir(), "model.onnx")), ".onnx")
}

// TestFloatFileReplacesEverything checks that nothing of an earlier network remains: no precision, exponents or provenance.
func TestFloatFileReplacesEverything(t *testing.T) {
	path := filepath.Join(t.TempDir(), "float.safetensors")
	file := fileOf(t, newTiny(t, 2))
	file.Metadata = nil
	if err := weights.Write(path, file); err != nil {
		t.Fatal(err)
	}
	m := calibrated(t, 1, "w4a4")
	m.Provenance["weights"], m.Provenance["note"] = "before", "old"
	if err := m.LoadFile(path); err != nil {
		t.Fatal(err)
	}
	if m.Scheme().Quantized() {
		t.Errorf("precision is still %s", m.Scheme())
	}
	if want := map[string]string{"weights": path}; !maps.Equal(m.Provenance, want) {
		t.Errorf("provenance %v, want %v", m.Provenance, want)
	}
	if exponents, err := m.Exponents(); err != nil || len(exponents) != 0 {
		t.Errorf("exponents %v, %v are left", exponents, err)
	}
}

func TestSetWeightsErrors(t *testing.T) {
	edit := func(change func(*weights.File)) *weights.File {
		file := fileOf(t, calibrated(t, 2, "w8a8"))
		change(file)
		return file
	}
	resnet8, err := models.Get("resnet8")
	if err != nil {
		t.Fatal(err)
	}
	other, err := models.New(testbackend.Go(t), resnet8, 0)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := models.New(testbackend.Go(t), tiny(7), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		file  *weights.File
		parts []string
	}{
		{"another network's checkpoint", fileOf(t, other), []string{"belong to network resnet8", "not tiny"}},
		{"another number of classes", fileOf(t, wide), []string{"fc.weight is [7 5]", "wants [3 5]", "for 7 classes, the network has 3"}},
		{"a tensor is missing", edit(func(f *weights.File) { f.Tensors = f.Tensors[1:] }), []string{"do not fit network tiny", "missing: conv1.weight"}},
		{"a tensor too many", edit(func(f *weights.File) { f.Tensors = append(f.Tensors, weights.Tensor{Name: "conv3.weight"}) }),
			[]string{"do not fit network tiny", "not in the network: conv3.weight"}},
		{"no tensors", &weights.File{}, []string{"missing: conv1.weight", "more"}},
		{"a tensor of integers", edit(func(f *weights.File) {
			f.Tensors[0], err = weights.NewInt32("conv1.weight", []int{4, 3, 3, 3}, make([]int32, 4*3*3*3))
		}), []string{"conv1.weight", "I32"}},
		{"a scheme that is not JSON", edit(func(f *weights.File) { f.Metadata["lpnets.scheme"] = "w4a4" }), []string{"metadata lpnets.scheme"}},
		{"a scheme of 99 bits", edit(func(f *weights.File) { f.Metadata["lpnets.scheme"] = `{"weight_bits":99}` }), []string{"WeightBits 99"}},
		{"a scheme that is not understood", edit(func(f *weights.File) { f.Metadata["lpnets.scheme"] = `{"step":0.3}` }), []string{"step"}},
		{"an activation that is not there", edit(func(f *weights.File) { f.Metadata["lpnets.exponents"] = `{"relu9":-3}` }), []string{`no activation "relu9"`}},
		{"an exponent out of range", edit(func(f *weights.File) { f.Metadata["lpnets.exponents"] = `{"relu1":-999}` }), []string{"exponent -999 of relu1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := calibrated(t, 1, "w4a4")
			m.Provenance["note"] = "stays"
			before := fileOf(t, m)
			wantError(t, m.SetWeights(test.file), test.parts...)
			wantSame(t, "the model has changed", fileOf(t, m), before)
		})
	}
}

// TestPublishedWeightsOfAnotherDepth are real files for another network.
func TestPublishedWeightsOfAnotherDepth(t *testing.T) {
	network, err := models.Get("resnet20")
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.New(testbackend.Go(t), network, 0)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(shared.Path(t, "models") + "/resnet32-*.th")
	if err != nil || len(files) != 1 {
		t.Fatalf("weights of resnet32: %v, %v", files, err)
	}
	wantError(t, m.LoadFile(files[0]), files[0], "do not fit network resnet20", "not in the network: layer1.3.", "more")

	content, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.th")
	if err := os.WriteFile(cut, content[:len(content)/2], 0o666); err != nil {
		t.Fatal(err)
	}
	err = m.LoadFile(cut)
	wantError(t, err, cut, "truncated")
	if !errors.Is(err, weights.ErrTruncated) {
		t.Errorf("%v is not ErrTruncated", err)
	}
	missing := filepath.Join(t.TempDir(), "missing.th")
	err = m.LoadFile(missing)
	wantError(t, err, missing)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not ErrNotExist", err)
	}
}
