package nn_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/nn"
	"github.com/lowprec/lpnets/lpq/quant"
)

// scheme reads a precision.
func scheme(t *testing.T, name string) quant.Scheme {
	t.Helper()
	s, err := quant.ParseScheme(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// random is normally distributed values.
func random(seed uint64, dims ...int) *tensors.Tensor {
	rng := rand.New(rand.NewPCG(seed, 0))
	n := 1
	for _, d := range dims {
		n *= d
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(rng.NormFloat64())
	}
	return tensors.FromFlatDataAndDimensions(values, dims...)
}

// onGrid fake-quantizes weights [..., out] in plain Go: the paper's rule, one exponent for all, or one for each channel.
func onGrid(t *testing.T, w *tensors.Tensor, bits int, granularity quant.Granularity) *tensors.Tensor {
	t.Helper()
	values, dims := flat(w), w.Shape().Dimensions
	groups := 1
	if granularity == quant.PerChannel {
		groups = dims[len(dims)-1]
	}
	for group := range groups {
		var limit float64
		for i := group; i < len(values); i += groups {
			limit = max(limit, math.Abs(float64(values[i])))
		}
		l, err := quant.ExponentForRange(limit, bits, quant.Signed)
		if err != nil {
			t.Fatal(err)
		}
		format := quant.Format{Bits: bits, Signed: true, Exponent: l}
		for i := group; i < len(values); i += groups {
			values[i] = format.FakeQuantize(values[i])
		}
	}
	return tensors.FromFlatDataAndDimensions(values, dims...)
}

// TestWeightsFollowTheScheme compares layers under a scheme, bit for bit, with float layers whose weights were quantized before.
func TestWeightsFollowTheScheme(t *testing.T) {
	images, rows := random(1, 2, 6, 6, 4), random(2, 3, 5)
	layers := []struct {
		name   string
		x, w   *tensors.Tensor
		layer  func(scope *model.Scope, x *Node) *Node
		isEdge bool
	}{
		{"convolution", images, random(3, 3, 3, 4, 8),
			func(scope *model.Scope, x *Node) *Node { return nn.Conv(scope, x).Channels(8).Kernel(3).Done() }, false},
		{"first convolution", images, random(4, 3, 3, 4, 8),
			func(scope *model.Scope, x *Node) *Node { return nn.Conv(scope, x).Channels(8).Kernel(3).Edge().Done() }, true},
		{"depthwise convolution", images, random(5, 3, 3, 1, 4),
			func(scope *model.Scope, x *Node) *Node {
				return nn.Conv(scope, x).Channels(4).Kernel(3).Groups(4).Done()
			}, false},
		{"dense layer", rows, random(6, 5, 7),
			func(scope *model.Scope, x *Node) *Node { return nn.Dense(scope, x).Units(7).NoBias().Done() }, false},
		{"last dense layer", rows, random(7, 5, 7),
			func(scope *model.Scope, x *Node) *Node { return nn.Dense(scope, x).Units(7).NoBias().Edge().Done() }, true},
	}
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		for _, l := range layers {
			compute := func(s quant.Scheme, w *tensors.Tensor) []float32 {
				return flat(run(t, b, newStore(t, map[string]any{"/layer/weight": w}), func(scope *model.Scope, x *Node) *Node {
					(&nn.Run{Scheme: s}).Attach(x.Graph())
					return l.layer(scope.In("layer"), x)
				}, clone(l.x))[0])
			}
			for _, test := range []struct {
				precision   string
				granularity quant.Granularity
			}{{"w4a32", quant.PerTensor}, {"w4a32", quant.PerChannel}, {"w2a8", quant.PerTensor}} {
				s := scheme(t, test.precision)
				s.Granularity = test.granularity
				want := compute(quant.Scheme{}, onGrid(t, l.w, s.Weights(l.isEdge), test.granularity))
				if got := compute(s, clone(l.w)); !slices.Equal(got, want) {
					t.Errorf("%s in %s, one exponent per %s: not what the layer computes with quantized weights", l.name, test.precision, test.granularity)
				}
			}
		}
	})
}

// clone copies a tensor: an engine may keep the one it was given.
func clone(t *tensors.Tensor) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(flat(t), t.Shape().Dimensions...)
}

// TestActivationsFollowTheScheme compares values with Format's, bit for bit, and gradients with the mask of the clipped straight-through estimator.
func TestActivationsFollowTheScheme(t *testing.T) {
	const exponent = -2
	x := []float32{-1000, -3, -0.13, 0, 0.1, 0.125, 0.375, 0.9, 1.75, 3.75, 3.8, 63.75, 100}
	for _, test := range []struct {
		name   string
		layer  func(scope *model.Scope, x *Node) *nn.ActivationBuilder
		edge   bool
		signed bool
	}{
		{"ReLU", nn.ReLU, false, false},
		{"ReLU before the last layer", func(s *model.Scope, x *Node) *nn.ActivationBuilder { return nn.ReLU(s, x).Edge() }, true, false},
		{"image", func(s *model.Scope, x *Node) *nn.ActivationBuilder { return nn.Quantize(s, x).Signed().Edge() }, true, true},
		{"quantizer", nn.Quantize, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
				for _, precision := range []string{"w4a4", "w8a8", "w4a2"} {
					s := scheme(t, precision)
					store := newStore(t, map[string]any{nn.ExponentPath("/net/act"): int32(exponent)})
					out := run(t, b, store, func(scope *model.Scope, x *Node) []*Node {
						(&nn.Run{Scheme: s}).Attach(x.Graph())
						y := test.layer(scope.In("net").In("act"), x).Done()
						return []*Node{y, Gradient(ReduceAllSum(y), x)[0]}
					}, x)
					format := quant.Format{Bits: s.Activations(test.edge), Signed: test.signed, Exponent: exponent}
					wantFormat(t, precision, format, x, flat(out[0]), flat(out[1]))
				}
			})
		})
	}
}

// wantFormat checks that y is x quantized to the format, and that the gradient passed exactly where x lies in its range.
func wantFormat(t *testing.T, what string, format quant.Format, x, y, gradient []float32) {
	t.Helper()
	lo, hi := format.Range()
	for i, v := range x {
		inside := float32(0)
		if float64(v) >= lo && float64(v) <= hi {
			inside = 1
		}
		if want := format.FakeQuantize(v); y[i] != want {
			t.Errorf("%s: %v became %v, want %v", what, v, y[i], want)
		}
		if gradient[i] != inside {
			t.Errorf("%s: gradient at %v is %v, want %v", what, v, gradient[i], inside)
		}
	}
}

func TestFloatActivations(t *testing.T) {
	x := []float32{float32(math.Inf(-1)), -2, 0, 0.3, 1e30, float32(math.NaN())}
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		out := run(t, b, model.NewStore(), func(scope *model.Scope, x *Node) []*Node {
			relu := nn.ReLU(scope.In("relu"), x).Done()
			return []*Node{relu, nn.Quantize(scope.In("none"), x).Done(), Gradient(ReduceAllSum(relu), x)[0]}
		}, x)
		same := func(what string, got *tensors.Tensor, want ...float32) {
			if g := flat(got); !slices.EqualFunc(g, want, func(a, b float32) bool { return a == b || a != a && b != b }) {
				t.Errorf("%s: %v, want %v", what, g, want)
			}
		}
		same("ReLU", out[0], 0, 0, 0, 0.3, 1e30, float32(math.NaN()))
		same("no quantizer", out[1], x...)
		same("gradient of ReLU", out[2], 0, 0, 0, 1, 1, 0)
	})
}

// net is a small network with every kind of layer that can be quantized.
func net(scope *model.Scope, x *Node) *Node {
	x = nn.Quantize(scope.In("input"), x).Signed().Edge().Done()
	x = nn.Conv(scope.In("conv1"), x).Channels(4).Kernel(3).Padding(1).Edge().Done()
	x = nn.ReLU(scope.In("relu1"), nn.BatchNorm(scope.In("bn1"), x).Done()).Done()
	x = nn.Conv(scope.In("conv2"), x).Channels(4).Kernel(3).Padding(1).Done()
	x = nn.ReLU(scope.In("relu2"), nn.BatchNorm(scope.In("bn2"), x).Done()).Edge().Done()
	return nn.Dense(scope.In("fc"), nn.Quantize(scope.In("pool"), nn.GlobalMeanPool(x)).Edge().Done()).Units(3).Edge().Done()
}

// netExponents are plausible exponents of net's activations.
func netExponents() map[string]any {
	return map[string]any{
		nn.ExponentPath("/input"): int32(-5), nn.ExponentPath("/relu1"): int32(-2),
		nn.ExponentPath("/relu2"): int32(-6), nn.ExponentPath("/pool"): int32(-7),
	}
}

func TestProbeSeesEveryTensor(t *testing.T) {
	b := testbackend.Go(t)
	s := scheme(t, "w4a4")
	probe := &nn.Probe{}
	out := run(t, b, newStore(t, netExponents()), func(scope *model.Scope, x *Node) []*Node {
		(&nn.Run{Scheme: s, Probe: probe}).Attach(x.Graph())
		outputs := []*Node{net(scope, x)}
		for _, w := range probe.Weights {
			outputs = append(outputs, w.Exponent)
		}
		for _, a := range probe.Activations {
			outputs = append(outputs, a.Value)
		}
		return outputs
	}, random(1, 2, 5, 5, 3))
	var got []string
	for _, w := range probe.Weights {
		got = append(got, fmt.Sprint(w.Path, w.Value.Shape().Dimensions, w.Edge))
	}
	for _, a := range probe.Activations {
		got = append(got, fmt.Sprint(a.Path, a.Value.Shape().Dimensions, a.Signed, a.Edge))
	}
	want := []string{
		"/conv1/weight[3 3 3 4] true", "/conv2/weight[3 3 4 4] false", "/fc/weight[4 3] true",
		"/input[2 5 5 3] true true", "/relu1[2 5 5 4] false false", "/relu2[2 5 5 4] false true", "/pool[2 4] false true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("probe saw\n%q, want\n%q", got, want)
	}
	image := out[1+len(probe.Weights)]
	if !slices.Equal(flat(image), flat(random(1, 2, 5, 5, 3))) {
		t.Error("the probe's image is not the one before the quantizer")
	}
}

func TestUncalibratedActivation(t *testing.T) {
	b := testbackend.Go(t)
	wantPanic(t, b, model.NewStore(), func(scope *model.Scope, x *Node) *Node {
		(&nn.Run{Scheme: scheme(t, "w8a8")}).Attach(x.Graph())
		return net(scope, x)
	}, random(1, 1, 5, 5, 3), "/input has no exponent", "calibrate the network first")
	wantPanic(t, b, newStore(t, netExponents()), func(scope *model.Scope, x *Node) *Node {
		return nn.ReLU(scope.In("relu1"), x).Signed().Done()
	}, []float32{1}, "/relu1", "Signed()")
}
