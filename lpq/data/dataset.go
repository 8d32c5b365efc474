package data

import (
	"image"
	"slices"

	"github.com/pkg/errors"
)

// Shape of one image, stored row by row with the channels innermost (NHWC without the N).
type Shape struct{ Height, Width, Channels int }

// Size is the number of bytes of one image.
func (s Shape) Size() int { return s.Height * s.Width * s.Channels }

// Dataset is a random-access set of labelled uint8 RGB images of one shape. Implementations are safe for concurrent reads.
type Dataset interface {
	// Name for logs and reports, for example "cifar10/train".
	Name() string
	// Len is the number of images.
	Len() int
	// Shape of every image.
	Shape() Shape
	// Classes are the names of the labels; the caller must not change them.
	Classes() []string
	// Label of image i, in [0, len(Classes())). Like a slice it panics unless 0 <= i < Len().
	Label(i int) int32
	// Image writes image i, Shape().Size() bytes, to the start of dst. It returns an error if there is no image i,
	// if dst is too short, or if the image cannot be read.
	Image(i int, dst []uint8) error
}

// memory is a dataset that holds all its pixels.
type memory struct {
	name    string
	shape   Shape
	classes []string
	labels  []int32
	pixels  []uint8
}

// NewMemory makes a dataset of labels [n] and pixels [n, height, width, channels], which it keeps without copying.
// It returns an error if sizes do not match or a label is not the index of a class.
func NewMemory(name string, shape Shape, classes []string, labels []int32, pixels []uint8) (Dataset, error) {
	if shape.Height <= 0 || shape.Width <= 0 || shape.Channels <= 0 {
		return nil, errors.Errorf("dataset %s: image shape %+v has a side that is not positive", name, shape)
	}
	if want := len(labels) * shape.Size(); len(pixels) != want {
		return nil, errors.Errorf("dataset %s: %d labels of images %+v need %d bytes of pixels, got %d",
			name, len(labels), shape, want, len(pixels))
	}
	for i, label := range labels {
		if label < 0 || int(label) >= len(classes) {
			return nil, errors.Errorf("dataset %s: image %d has label %d, but there are %d classes", name, i, label, len(classes))
		}
	}
	return &memory{name, shape, classes, labels, pixels}, nil
}

func (m *memory) Name() string      { return m.name }
func (m *memory) Len() int          { return len(m.labels) }
func (m *memory) Shape() Shape      { return m.shape }
func (m *memory) Classes() []string { return m.classes }
func (m *memory) Label(i int) int32 { return m.labels[i] }

func (m *memory) Image(i int, dst []uint8) error {
	if err := checkImage(m, i, dst); err != nil {
		return err
	}
	size := m.shape.Size()
	copy(dst[:size], m.pixels[i*size:])
	return nil
}

// checkImage returns an error if d has no image i or dst has no room for it.
func checkImage(d Dataset, i int, dst []uint8) error {
	if i < 0 || i >= d.Len() {
		return errors.Errorf("dataset %s: no image %d among %d", d.Name(), i, d.Len())
	}
	if size := d.Shape().Size(); len(dst) < size {
		return errors.Errorf("dataset %s: an image needs %d bytes, got room for %d", d.Name(), size, len(dst))
	}
	return nil
}

// subset renumbers some images of another dataset.
type subset struct {
	Dataset
	indices []int
}

// Subset holds image indices[i] of d as its image i; an index may occur more than once. It copies the indices, not the images.
// Like a slice it panics if an index is outside d.
func Subset(d Dataset, indices []int) Dataset {
	for _, i := range indices {
		if i < 0 || i >= d.Len() {
			panic(errors.Errorf("data.Subset: index %d outside dataset %s of %d images", i, d.Name(), d.Len()))
		}
	}
	return newSubset(d, slices.Clone(indices))
}

// newSubset has pictures where d has.
func newSubset(d Dataset, indices []int) Dataset {
	s := &subset{d, indices}
	if p, ok := d.(Pictures); ok {
		return &pictureSubset{s, p}
	}
	return s
}

// pictureSubset is a subset of Pictures.
type pictureSubset struct {
	*subset
	pictures Pictures
}

func (s *pictureSubset) View(i int, choose func(width, height int) image.Rectangle, dst []uint8) error {
	if err := checkImage(s, i, dst); err != nil {
		return err
	}
	return s.pictures.View(s.indices[i], choose, dst)
}

func (s *subset) Len() int          { return len(s.indices) }
func (s *subset) Label(i int) int32 { return s.Dataset.Label(s.indices[i]) }

func (s *subset) Image(i int, dst []uint8) error {
	if err := checkImage(s, i, dst); err != nil {
		return err
	}
	return s.Dataset.Image(s.indices[i], dst)
}

// Head holds the first n images of d: none if n is negative, all if d has no more.
func Head(d Dataset, n int) Dataset {
	indices := make([]int, clamp(n, 0, d.Len()))
	for i := range indices {
		indices[i] = i
	}
	return newSubset(d, indices)
}

// Split divides d at random, by the seed alone: a has n images (as Head, between none and all) and b has the others, both in d's order.
func Split(d Dataset, n int, seed uint64) (a, b Dataset) {
	random := newStream(seed, purposeSplit, 0, 0)
	order := random.permutation(d.Len())
	n = clamp(n, 0, len(order))
	slices.Sort(order[:n])
	slices.Sort(order[n:])
	return newSubset(d, order[:n:n]), newSubset(d, order[n:])
}

func clamp(x, lo, hi int) int { return max(lo, min(x, hi)) }
