package nn_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/nn"
)

// TestNormalizeIsExact compares every pixel value in every channel with torchvision's steps, bit for bit: an input quantizer's
// code must not depend on the engine.
func TestNormalizeIsExact(t *testing.T) {
	mean, std := []float32{0.485, 0.456, 0.406}, []float32{0.229, 0.224, 0.225}
	pixels := make([]uint8, 256*3)
	for i := range pixels {
		pixels[i] = uint8(i / 3)
	}
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		got := flat(run(t, b, model.NewStore(), func(_ *model.Scope, x *Node) *Node { return nn.Normalize(x, mean, std) },
			tensors.FromFlatDataAndDimensions(pixels, 1, 16, 16, 3))[0])
		for i, p := range pixels {
			want := (float32(p)/255 - mean[i%3]) / std[i%3]
			if math.Float32bits(got[i]) != math.Float32bits(want) {
				t.Errorf("pixel %d, channel %d: %x, want %x", p, i%3, got[i], want)
			}
		}
	})
}

func TestShortcutA(t *testing.T) {
	const batch, height, width, in = 2, 5, 4, 2
	x := make([]float32, batch*height*width*in)
	for i := range x {
		x[i] = float32(i + 1)
	}
	at := func(n, h, w, c int) float32 { return x[((n*height+h)*width+w)*in+c] }
	for _, test := range []struct {
		name              string
		channels, strides int
	}{
		{"unchanged", 2, 1},
		{"every other pixel", 2, 2},
		{"every third pixel, more channels", 6, 3},
		{"more channels", 4, 1},
	} {
		added := (test.channels - in) / 2
		var want []float32
		for n := range batch {
			for h := 0; h < height; h += test.strides {
				for w := 0; w < width; w += test.strides {
					for c := range test.channels {
						value := float32(0)
						if from := c - added; from >= 0 && from < in {
							value = at(n, h, w, from)
						}
						want = append(want, value)
					}
				}
			}
		}
		t.Run(test.name, func(t *testing.T) {
			testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
				got := run(t, b, model.NewStore(), func(_ *model.Scope, x *Node) *Node { return nn.ShortcutA(x, test.channels, test.strides) },
					tensors.FromFlatDataAndDimensions(x, batch, height, width, in))[0]
				if !slices.Equal(flat(got), want) {
					t.Errorf("%v, want %v", got, want)
				}
			})
		})
	}
}

func TestGlobalMeanPool(t *testing.T) {
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		got := run(t, b, model.NewStore(), func(_ *model.Scope, x *Node) *Node { return nn.GlobalMeanPool(x) },
			[][][][]float32{{{{1, 10}, {2, 20}}, {{3, 30}, {6, 60}}}})[0] // [1, 2, 2, 2]
		if want := [][]float32{{3, 30}}; !got.Equal(tensors.FromValue(want)) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

func TestLookup(t *testing.T) {
	table := make([]float32, 256*2) // [pixel, channel]
	for i := range table {
		table[i] = float32(i)
	}
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		got := run(t, b, model.NewStore(), func(_ *model.Scope, x *Node) *Node { return nn.Lookup(x, table) }, [][][][]uint8{{{{0, 0}, {255, 7}}}})[0]
		if want := [][][][]float32{{{{0, 1}, {510, 15}}}}; !got.Equal(tensors.FromValue(want)) {
			t.Errorf("%v, want %v", got, want)
		}
	})
}

// TestFlatten checks PyTorch's order: [channels, height, width].
func TestFlatten(t *testing.T) {
	got := run(t, testbackend.Go(t), model.NewStore(), func(_ *model.Scope, x *Node) *Node { return nn.Flatten(x) },
		[][][][]float32{{{{1, 10}, {2, 20}, {3, 30}}, {{4, 40}, {5, 50}, {6, 60}}}})[0]
	if want := [][]float32{{1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60}}; !got.Equal(tensors.FromValue(want)) {
		t.Errorf("%v, want %v", got, want)
	}
}
