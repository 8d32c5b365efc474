package data_test

import (
	"bytes"
	"image"
	"slices"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/lpq/data"
)

// album has pictures of 30x20 whose view tells what was asked for: every row is the rectangle's corners, then the picture's number.
type album struct{ data.Dataset }

func newAlbum(t *testing.T, n int) album {
	t.Helper()
	set, err := data.NewMemory("album", data.Shape{Height: 3, Width: 5, Channels: 1}, []string{"a"}, make([]int32, n), make([]uint8, 15*n))
	if err != nil {
		t.Fatal(err)
	}
	return album{set}
}

func (a album) View(i int, choose func(width, height int) image.Rectangle, dst []uint8) error {
	r := choose(30, 20)
	row := []uint8{uint8(r.Min.X), uint8(r.Min.Y), uint8(r.Max.X), uint8(r.Max.Y), uint8(i)}
	copy(dst, slices.Repeat(row, 3))
	return nil
}

// TestLoaderCrops: every picture by its number, another part in every epoch, and half of them mirrored.
func TestLoaderCrops(t *testing.T) {
	set, augment := newAlbum(t, 200), data.ImageNetAugment
	l := &data.Loader{Dataset: set, BatchSize: 200, Seed: 1, Augment: augment}
	seen := map[string]int{}
	mirrored := 0
	for epoch := range 5 {
		batch := collect(t, l, epoch, 0)[0]
		for i := range 200 {
			view := batch.Images[15*i : 15*(i+1)]
			row := slices.Clone(view[:5])
			if !bytes.Equal(view, slices.Repeat(row, 3)) {
				t.Fatalf("picture %d: rows differ: %v", i, view)
			}
			if row[4] != uint8(i) || !image.Rect(int(row[0]), int(row[1]), int(row[2]), int(row[3])).In(image.Rect(0, 0, 30, 20)) {
				slices.Reverse(row)
				mirrored++
			}
			if row[4] != uint8(i) {
				t.Fatalf("picture %d: view %v", i, view)
			}
			seen[string(row)]++
		}
	}
	if len(seen) < 900 {
		t.Errorf("%d different parts in 1000 draws", len(seen))
	}
	if mirrored < 430 || mirrored > 570 { // 500 and more than four standard errors of 16
		t.Errorf("%d of 1000 mirrored", mirrored)
	}
}

// TestSubsetsOfPictures have views, of the right pictures.
func TestSubsetsOfPictures(t *testing.T) {
	set := newAlbum(t, 20)
	a, b := data.Split(set, 5, 3)
	for name, subset := range map[string]data.Dataset{"subset": data.Subset(set, []int{7}), "head": data.Head(set, 3), "split": a, "rest": b,
		"subset of a subset": data.Subset(data.Subset(set, []int{1, 2, 3}), []int{2})} {
		pictures, ok := subset.(data.Pictures)
		if !ok {
			t.Errorf("%s has no pictures", name)
			continue
		}
		view := make([]uint8, 15)
		if err := pictures.View(0, func(w, h int) image.Rectangle { return image.Rect(0, 0, w, h) }, view); err != nil {
			t.Fatal(err)
		}
		if name == "subset" && view[4] != 7 || name == "subset of a subset" && view[4] != 3 {
			t.Errorf("%s: picture %d", name, view[4])
		}
		if err := pictures.View(subset.Len(), nil, view); err == nil {
			t.Errorf("%s: no error for a picture that there is not", name)
		}
	}
	if _, ok := data.Head(numbered(t, 3), 2).(data.Pictures); ok {
		t.Error("a subset of images of one size says it has pictures")
	}
}

func TestCropNeedsPictures(t *testing.T) {
	l := &data.Loader{Dataset: numbered(t, 3), BatchSize: 1, Augment: data.ImageNetAugment}
	if err := l.Validate(); err == nil || !strings.Contains(err.Error(), "a resized crop needs pictures") {
		t.Errorf("got error %v", err)
	}
}

// holes leaves out the images of which it is told.
type holes struct {
	data.Dataset
	missing func(i int) bool
}

func (h holes) Image(i int, dst []uint8) error {
	if h.missing(i) {
		return data.ErrSkip
	}
	return h.Dataset.Image(i, dst)
}

func TestLoaderSkips(t *testing.T) {
	middle := holes{numbered(t, 10), func(i int) bool { return i >= 3 && i <= 6 }}
	l := &data.Loader{Dataset: middle, BatchSize: 2}
	if got, want := order(collect(t, l, 0, 0)), []int{0, 1, 2, 7, 8, 9}; !slices.Equal(got, want) {
		t.Errorf("left out: got %v, want %v", got, want)
	}
	l.DropLast = true
	if got, want := order(collect(t, l, 0, 0)), []int{0, 1, 2, 7, 7, 7, 7, 7, 8, 9}; !slices.Equal(got, want) {
		t.Errorf("replaced: got %v, want %v", got, want)
	}
}
