package data_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/lpq/data"
)

// numbered is a set of n images [2,2,3] whose first bytes are their number, and whose label is their number modulo 10.
func numbered(t testing.TB, n int) data.Dataset {
	t.Helper()
	shape := data.Shape{Height: 2, Width: 2, Channels: 3}
	labels, pixels := make([]int32, n), make([]uint8, n*shape.Size())
	for i := range n {
		labels[i] = int32(i % 10)
		pixels[i*shape.Size()], pixels[i*shape.Size()+1] = byte(i), byte(i>>8)
	}
	set, err := data.NewMemory("numbered", shape, strings.Split("0123456789", ""), labels, pixels)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// numbers tells which images of numbered d holds, and fails if a label is not that of its image.
func numbers(t testing.TB, d data.Dataset) []int {
	t.Helper()
	var all []int
	image := make([]uint8, d.Shape().Size())
	for i := range d.Len() {
		if err := d.Image(i, image); err != nil {
			t.Fatal(err)
		}
		n := int(image[0]) | int(image[1])<<8
		if d.Label(i) != int32(n%10) {
			t.Fatalf("image %d has label %d", n, d.Label(i))
		}
		all = append(all, n)
	}
	return all
}

func TestSubset(t *testing.T) {
	d := numbered(t, 20)
	indices := []int{7, 3, 3, 19}
	s := data.Subset(d, indices)
	indices[0] = 0 // the subset keeps a copy
	if got := numbers(t, s); !slices.Equal(got, []int{7, 3, 3, 19}) {
		t.Errorf("got %v", got)
	}
	if got := numbers(t, data.Subset(s, []int{3, 0})); !slices.Equal(got, []int{19, 7}) {
		t.Errorf("subset of a subset: got %v", got)
	}
	for _, bad := range []int{-1, 20} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("index %d did not panic", bad)
				}
			}()
			data.Subset(d, []int{bad})
		}()
	}
}

func TestHead(t *testing.T) {
	for n, want := range map[int][]int{-1: nil, 0: nil, 2: {0, 1}, 3: {0, 1, 2}, 9: {0, 1, 2}} {
		if got := numbers(t, data.Head(numbered(t, 3), n)); !slices.Equal(got, want) {
			t.Errorf("Head of %d: got %v, want %v", n, got, want)
		}
	}
}

func TestSplit(t *testing.T) {
	d := numbered(t, 1000)
	a, b := data.Split(d, 300, 5)
	gotA, gotB := numbers(t, a), numbers(t, b)
	if len(gotA) != 300 || !slices.IsSorted(gotA) || !slices.IsSorted(gotB) {
		t.Errorf("first part has %d images, want 300, in order", len(gotA))
	}
	all := append(slices.Clone(gotA), gotB...)
	slices.Sort(all)
	if !slices.Equal(all, numbers(t, d)) {
		t.Error("the parts together are not the whole")
	}
	again, _ := data.Split(d, 300, 5)
	other, _ := data.Split(d, 300, 6)
	if !slices.Equal(numbers(t, again), gotA) || slices.Equal(numbers(t, other), gotA) {
		t.Error("the parts do not depend on the seed alone")
	}
	none, whole := data.Split(d, -1, 5)
	if none.Len() != 0 || whole.Len() != 1000 {
		t.Errorf("Split at -1: %d and %d images", none.Len(), whole.Len())
	}
}

func TestImageErrors(t *testing.T) {
	d := numbered(t, 3)
	for name, set := range map[string]data.Dataset{"memory": d, "subset": data.Head(d, 3)} {
		for _, i := range []int{-1, 3} {
			if err := set.Image(i, make([]uint8, 12)); err == nil || !strings.Contains(err.Error(), "numbered") {
				t.Errorf("%s, image %d: got error %v", name, i, err)
			}
		}
		if err := set.Image(0, make([]uint8, 11)); err == nil {
			t.Errorf("%s: a buffer that is too short was accepted", name)
		}
	}
}

func TestNewMemoryErrors(t *testing.T) {
	good := data.Shape{Height: 1, Width: 2, Channels: 3}
	for _, tc := range []struct {
		name   string
		shape  data.Shape
		labels []int32
		pixels int
		want   string
	}{
		{"too few pixels", good, []int32{0, 1}, 11, "need 12 bytes"},
		{"no width", data.Shape{Height: 1, Channels: 3}, []int32{0}, 0, "not positive"},
		{"label too large", good, []int32{0, 2}, 12, "image 1 has label 2"},
		{"label negative", good, []int32{-1}, 6, "label -1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := data.NewMemory("mine", tc.shape, []string{"a", "b"}, tc.labels, make([]uint8, tc.pixels))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want %q", err, tc.want)
			}
		})
	}
}
