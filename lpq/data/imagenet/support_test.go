package imagenet_test

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/data/imagenet"
	"github.com/lowprec/lpnets/lpq/data/raster"
)

// Wnids of ImageNet's classes 0, 1 and 999.
const (
	tench, goldfish, toilet = "n01440764", "n01443537", "n15075141"
)

// small is a preprocessing that is quick to test with.
var small = raster.Preprocess{Resize: 24, Crop: 20, Filter: raster.Bilinear}

// photo returns one of raster's test pictures.
func photo(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "raster", "testdata", "decode", name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// write makes files, by path below dir, and the folders they need.
func write(t testing.TB, dir string, files map[string][]byte) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// file is an entry of an archive.
type file struct {
	name    string
	content []byte
}

func archive(t testing.TB, files ...file) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// tree is a good folder: six pictures to train, two to validate.
func tree(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"train/" + goldfish + "/b.JPEG": photo(t, "420.jpg"), "train/" + goldfish + "/a.JPEG": photo(t, "444.jpg"), "train/" + goldfish + "/notes.txt": []byte("not a picture"),
		"train/" + tench + "/x.jpg": photo(t, "cmyk.jpg"), "train/" + tench + "/y.PNG": photo(t, "palette13.png"), "train/" + tench + "/.hidden.jpg": nil,
		"train/" + toilet + "/x.jpeg": photo(t, "grey.jpg"), "train/" + toilet + "/z.jpg": photo(t, "422_progressive.jpg"), "train/readme.txt": nil,
		"val/" + toilet + "/v.jpg": photo(t, "exif_rotated.jpg"), "val/" + tench + "/v.jpg": photo(t, "440.jpg"),
	}
}

func open(t testing.TB, dir string, options imagenet.Options) (train, val data.Dataset) {
	t.Helper()
	if options.Preprocess == (raster.Preprocess{}) {
		options.Preprocess = small
	}
	train, val, err := imagenet.Open(dir, options)
	if err != nil {
		t.Fatal(err)
	}
	return train, val
}

// images returns all images of a set, which must be good.
func images(t testing.TB, d data.Dataset) [][]uint8 {
	t.Helper()
	all := make([][]uint8, d.Len())
	for i := range all {
		all[i] = make([]uint8, d.Shape().Size())
		if err := d.Image(i, all[i]); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func labels(d data.Dataset) []int32 {
	all := make([]int32, d.Len())
	for i := range all {
		all[i] = d.Label(i)
	}
	return all
}

// same fails if two sets do not have the same images and labels.
func same(t *testing.T, got, want data.Dataset) {
	t.Helper()
	if !slices.Equal(labels(got), labels(want)) {
		t.Fatalf("got labels %v, want %v", labels(got), labels(want))
	}
	if !slices.EqualFunc(images(t, got), images(t, want), bytes.Equal) {
		t.Error("other images")
	}
}

// wantError fails if err lacks one of the texts.
func wantError(t *testing.T, err error, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("got error %v, want %q", err, text)
		}
	}
}
