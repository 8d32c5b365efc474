package data

import (
	"runtime"
	"sync"

	"github.com/pkg/errors"
)

// SyntheticOptions say how many pictures to render and how hard they are; start from DefaultSynthetic.
// Levels are steps of the 8-bit image, before its exposure is changed.
type SyntheticOptions struct {
	Seed        uint64
	Train, Test int // pictures of each set; picture i of a set depends on Seed and i, not on how many there are
	Noise       int // standard deviation of every pixel's noise, levels
	MinContrast int // least contrast between shape and background, levels; it is drawn log-uniformly
	MaxContrast int // greatest contrast, levels
	MinRadius   int // least radius of the circle that has the shape's area, pixels
	MaxRadius   int // greatest radius, pixels
	Clutter     int // greatest number of strokes behind the shape, and again in front of it
}

// DefaultSynthetic is the difficulty of the built-in set: neighbouring classes, such as hexagon and pentagon, are what a small network
// confuses.
func DefaultSynthetic() SyntheticOptions {
	return SyntheticOptions{
		Seed: 1, Train: 10_000, Test: 2_000,
		Noise: 6, MinContrast: 40, MaxContrast: 160, MinRadius: 7, MaxRadius: 11, Clutter: 2,
	}
}

// syntheticLimit bounds the pictures of a set, for memory's sake: 2^20 of 3,072 bytes are 3.2 GB.
const syntheticLimit = 1 << 20

// Validate returns an error if the options cannot be rendered.
func (o SyntheticOptions) Validate() error {
	switch {
	case o.Train < 0 || o.Test < 0 || o.Train > syntheticLimit || o.Test > syntheticLimit:
		return errors.Errorf("synthetic set: %d and %d images, want 0 to %d each", o.Train, o.Test, syntheticLimit)
	case o.Noise < 0 || o.Noise > 255:
		return errors.Errorf("synthetic set: noise of %d levels, want 0 to 255", o.Noise)
	case o.MinContrast < 1 || o.MaxContrast < o.MinContrast || o.MaxContrast > 255:
		return errors.Errorf("synthetic set: contrast from %d to %d levels, want 1 <= least <= greatest <= 255", o.MinContrast, o.MaxContrast)
	case o.MinRadius < 2 || o.MaxRadius < o.MinRadius || o.MaxRadius > canvasSide/2:
		return errors.Errorf("synthetic set: radius from %d to %d pixels, want 2 <= least <= greatest <= %d", o.MinRadius, o.MaxRadius, canvasSide/2)
	case o.Clutter < 0 || o.Clutter > 100:
		return errors.Errorf("synthetic set: up to %d strokes, want 0 to 100", o.Clutter)
	}
	return nil
}

// Synthetic renders the built-in image set, with the default difficulty: ten geometric shapes, [32,32,3], as many of each, of random
// colour, contrast, size, place, angle and exposure, on textured backgrounds with strokes before and behind, and noise.
// It is the same to the last bit on every 64-bit machine. A set has no fewer than 0 and no more than 2^20 images, whatever is asked for.
func Synthetic(seed uint64, train, test int) (trainSet, testSet Dataset) {
	o := DefaultSynthetic()
	o.Seed, o.Train, o.Test = seed, clamp(train, 0, syntheticLimit), clamp(test, 0, syntheticLimit)
	return o.sets()
}

// NewSynthetic renders an image set as Synthetic does, of any difficulty. It returns an error if the options are not valid.
func NewSynthetic(o SyntheticOptions) (trainSet, testSet Dataset, err error) {
	if err := o.Validate(); err != nil {
		return nil, nil, err
	}
	trainSet, testSet = o.sets()
	return trainSet, testSet, nil
}

func (o SyntheticOptions) sets() (trainSet, testSet Dataset) {
	return o.render("synthetic/train", purposeTrain, o.Train), o.render("synthetic/test", purposeTest, o.Test)
}

// render draws n pictures on all processors; picture i shows class i mod 10.
func (o SyntheticOptions) render(name string, purpose uint64, n int) Dataset {
	set := &memory{name: name, shape: Shape{canvasSide, canvasSide, 3}, labels: make([]int32, n)}
	for _, f := range figures {
		set.classes = append(set.classes, f.name)
	}
	size := set.shape.Size()
	set.pixels = make([]uint8, n*size)
	workers := runtime.GOMAXPROCS(0)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := w; i < n; i += workers {
				set.labels[i] = int32(i % len(figures))
				random := newStream(o.Seed, purpose, uint64(i), 0)
				o.paint(figures[i%len(figures)], &random, set.pixels[i*size:(i+1)*size])
			}
		})
	}
	group.Wait()
	return set
}
