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

// initialWeights is what a convolution of 64 to 32 channels starts with.
func initialWeights(t *testing.T, b compute.Backend, seed int64, name string) []float32 {
	t.Helper()
	store := model.NewStore()
	store.SetParam(nn.ParamSeed, seed)
	run(t, b, store, func(scope *model.Scope, x *Node) *Node {
		return nn.Conv(scope.In("%s", name), x).Channels(32).Kernel(3).Done()
	},
		tensors.FromFlatDataAndDimensions(make([]float32, 3*3*64), 1, 3, 3, 64))
	return flat(store.GetVariable("/" + name + "/weight").MustValue())
}

func TestInitialWeights(t *testing.T) {
	reference := initialWeights(t, testbackend.Go(t), 1, "conv1")
	var sum, squares float64
	for _, w := range reference {
		sum += float64(w)
		squares += float64(w) * float64(w)
	}
	n := float64(len(reference)) // 3*3*64*32 = 18_432: the variance's standard error is sqrt(2/n) = 1 %
	if want := 2. / (3 * 3 * 64); math.Abs(squares/n-want) > 0.04*want {
		t.Errorf("variance %g, want %g: 2/fan_in", squares/n, want)
	}
	if mean := sum / n; math.Abs(mean) > 4*math.Sqrt(squares)/n { // four standard errors
		t.Errorf("mean %g, want 0", mean)
	}
	if slices.Equal(reference, initialWeights(t, testbackend.Go(t), 2, "conv1")) {
		t.Error("another seed gives the same weights")
	}
	if slices.Equal(reference, initialWeights(t, testbackend.Go(t), 1, "conv2")) {
		t.Error("another layer gets the same weights")
	}
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		if !slices.Equal(reference, initialWeights(t, b, 1, "conv1")) {
			t.Error("weights differ from those on the go engine")
		}
	})
}

// TestDepthwiseConvolution compares groups with an obvious loop.
func TestDepthwiseConvolution(t *testing.T) {
	const size, channels = 4, 3
	x, w := random(1, 1, size, size, channels), random(2, 2, 2, 1, channels)
	xs, ws := flat(x), flat(w)
	var want []float32
	for h := range size - 1 {
		for v := range size - 1 {
			for c := range channels {
				sum := float32(10 * c) // the bias
				for i := range 2 {
					for j := range 2 {
						sum += xs[((h+i)*size+v+j)*channels+c] * ws[(i*2+j)*channels+c]
					}
				}
				want = append(want, sum)
			}
		}
	}
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		store := newStore(t, map[string]any{"/conv/weight": clone(w), "/conv/bias": []float32{0, 10, 20}})
		out := run(t, b, store, func(scope *model.Scope, x *Node) *Node {
			return nn.Conv(scope.In("conv"), x).Channels(channels).Kernel(2).Groups(channels).Bias().Done()
		}, clone(x))
		wantClose(t, "y", out[0], tensors.FromFlatDataAndDimensions(want, 1, size-1, size-1, channels), tolerance)
	})
}

func TestDense(t *testing.T) {
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		store := newStore(t, map[string]any{"/fc/weight": [][]float32{{1, 2, 3}, {10, 20, 30}}, "/fc/bias": []float32{100, 200, 300}})
		out := run(t, b, store, func(scope *model.Scope, x *Node) []*Node {
			return []*Node{nn.Dense(scope.At("fc"), x).Units(3).Done(), nn.Dense(scope.At("fc"), x).Units(3).NoBias().Done()}
		}, [][]float32{{1, 1}, {2, 0}})
		if want := [][]float32{{111, 222, 333}, {102, 204, 306}}; !out[0].Equal(tensors.FromValue(want)) {
			t.Errorf("with bias: %v, want %v", out[0], want)
		}
		if want := [][]float32{{11, 22, 33}, {2, 4, 6}}; !out[1].Equal(tensors.FromValue(want)) {
			t.Errorf("without bias: %v, want %v", out[1], want)
		}
	})
}
