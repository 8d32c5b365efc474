package lpq_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/data/imagenet"
	"github.com/lowprec/lpnets/lpq/models"
)

// Wnids of ImageNet's classes 1, 278 and 999.
const goldfish, fox, toilet = "n01443537", "n02119789", "n15075141"

// photo is a JPEG of one colour.
func photo(t *testing.T, width, height int, c color.Color) []byte {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			picture.Set(x, y, c)
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// folderOf makes a folder with these files.
func folderOf(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func network(t *testing.T, name string) models.Network {
	t.Helper()
	n, err := models.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// cifar has the files of CIFAR-10, with one black image each.
func cifar() map[string][]byte {
	files := map[string][]byte{"batches.meta.txt": []byte("a b c d e f g h i j"), "test_batch.bin": make([]byte, 3073)}
	for _, name := range []string{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"} {
		files[name] = make([]byte, 3073)
	}
	return files
}

// labels are those of a set that may be missing.
func labels(set data.Dataset) (all []int32) {
	for i := 0; set != nil && i < set.Len(); i++ {
		all = append(all, set.Label(i))
	}
	return all
}

func TestLoadDataByWhatItFinds(t *testing.T) {
	grey := photo(t, 300, 260, color.Gray{128})
	tree := folderOf(t, map[string][]byte{"train/" + fox + "/a.jpg": grey, "train/" + toilet + "/b.JPEG": grey, "val/" + goldfish + "/c.jpg": grey})
	prepared := filepath.Join(t.TempDir(), "prepared")
	inception := network(t, "inception_v3")
	if err := imagenet.Prepare(t.Context(), tree, prepared, imagenet.PrepareOptions{Options: imagenet.Options{Preprocess: inception.Preprocess}}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, folder, network string
		truth                 string
		train, val            []int32
	}{
		{name: "built-in", folder: lpq.BuiltIn, network: "resnet8"},
		{name: "CIFAR-10", folder: folderOf(t, cifar()), network: "resnet20", train: []int32{0, 0, 0, 0, 0}, val: []int32{0}},
		{name: "class folders", folder: tree, network: "efficientnet_lite0", train: []int32{278, 999}, val: []int32{1}},
		{name: "validation alone", folder: filepath.Join(tree, "val"), network: "resnet18", val: []int32{1}},
		{name: "prepared", folder: prepared, network: "inception_v3", train: []int32{278, 999}, val: []int32{1}},
		{name: "no network", folder: tree, train: []int32{278, 999}, val: []int32{1}},
		{name: "flat", folder: folderOf(t, map[string][]byte{"val/ILSVRC2012_val_00000001.JPEG": grey}), network: "vgg16_bn",
			truth: filepath.Join(folderOf(t, map[string][]byte{"truth": []byte("7\n")}), "truth"), val: []int32{7}},
	} {
		t.Run(test.name, func(t *testing.T) {
			options := lpq.DataOptions{GroundTruth: test.truth}
			if test.network != "" {
				options.Network = network(t, test.network)
			}
			sets, err := lpq.LoadData(test.folder, options)
			if err != nil {
				t.Fatal(err)
			}
			if test.folder == lpq.BuiltIn {
				if sets.Train.Len() != 10_000 || sets.Test.Len() != 4_000 {
					t.Errorf("%d and %d images", sets.Train.Len(), sets.Test.Len())
				}
				return
			}
			if got, want := labels(sets.Train), test.train; !slices.Equal(got, want) || sets.Train == nil != (want == nil) {
				t.Errorf("training set has labels %v, want %v", got, want)
			}
			if got, want := labels(sets.Test), test.val; !slices.Equal(got, want) {
				t.Errorf("test set has labels %v, want %v", got, want)
			}
			if sets.Validation != nil {
				t.Error("a validation set, which is the caller's to hold out")
			}
			if want := options.Network.Input; test.network != "" && sets.Test.Shape() != want {
				t.Errorf("images are %+v, want %+v", sets.Test.Shape(), want)
			}
			if err := sets.Test.Image(0, make([]uint8, sets.Test.Shape().Size())); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestLoadDataRefuses(t *testing.T) {
	grey := photo(t, 20, 20, color.Gray{128})
	wnids := folderOf(t, map[string][]byte{"val/" + fox + "/a.jpg": grey})
	names := folderOf(t, map[string][]byte{"val/cat/a.jpg": grey, "val/dog/a.jpg": grey})
	file := filepath.Join(folderOf(t, map[string][]byte{"x": nil}), "x")
	for _, test := range []struct {
		name, folder, network string
		want                  []string
	}{
		{"small images for a large network", lpq.BuiltIn, "resnet18", []string{"builtin", "Height:32", "resnet18", "Height:224"}},
		{"CIFAR-10 for a large network", folderOf(t, cifar()), "resnet18", []string{"cifar10/train", "resnet18"}},
		{"photographs for a small network", wnids, "resnet20", []string{wnids, "Height:224", "resnet20", "Height:32"}},
		{"classes that are not ImageNet's", names, "resnet18", []string{names, "2 classes", "resnet18 has 1000", "wnids, such as n01440764"}},
		{"empty, for photographs", t.TempDir(), "resnet18", []string{"no pictures", "train/<class>/*.JPEG"}},
		{"empty, for CIFAR-10", t.TempDir(), "resnet20", []string{"CIFAR-10", "test_batch.bin"}},
		{"missing", filepath.Join(names, "none"), "resnet18", []string{"none", "no such file"}},
		{"file", file, "resnet18", []string{file, "not a folder"}},
		{"flat without truth", folderOf(t, map[string][]byte{"val/a.jpg": grey}), "resnet18", []string{"no file says what they show", "LOC_val_solution.csv"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := lpq.LoadData(test.folder, lpq.DataOptions{Network: network(t, test.network)})
			for _, want := range test.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got error %v, want %q in it", err, want)
				}
			}
		})
	}
}
