package nn_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/nn"
	"github.com/lowprec/lpnets/lpq/quant"
)

// TestReLU6 checks values, in float and quantized, and gradients: PyTorch's is 1 where 0 < x < 6, and the quantizer's clip narrows that.
func TestReLU6(t *testing.T) {
	nan := float32(math.NaN())
	x := []float32{float32(math.Inf(-1)), -1, 0, 0.3, 3.75, 3.9, 5.99, 6, 6.1, float32(math.Inf(1)), nan}
	float := []float32{0, 0, 0, 0.3, 3.75, 3.9, 5.99, 6, 6, 6, nan}
	for _, test := range []struct {
		name     string
		bits     int // 0 is float
		exponent int
		top      float32 // up to where gradients pass
	}{
		{"float", 0, 0, 6},
		{"8 bits, range 7.97", 8, -5, 6},
		{"4 bits, range 3.75", 4, -2, 3.75},
		{"2 bits, step 4: 6 itself is off the grid", 2, 2, 6},
	} {
		t.Run(test.name, func(t *testing.T) {
			want, wantGradient := slices.Clone(float), make([]float32, len(x))
			for i, v := range x {
				if test.bits > 0 {
					want[i] = quant.Format{Bits: test.bits, Exponent: test.exponent}.FakeQuantize(want[i])
				}
				if v > 0 && v < 6 && v <= test.top {
					wantGradient[i] = 1
				}
			}
			testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
				store := newStore(t, map[string]any{nn.ExponentPath("/act"): int32(test.exponent)})
				out := run(t, b, store, func(scope *model.Scope, x *Node) []*Node {
					(&nn.Run{Scheme: quant.Scheme{ActivationBits: test.bits}}).Attach(x.Graph())
					y := nn.ReLU6(scope.In("act"), x).Done()
					return []*Node{y, Gradient(ReduceAllSum(y), x)[0]}
				}, x)
				same := func(a, b float32) bool { return a == b || a != a && b != b }
				if got := flat(out[0]); !slices.EqualFunc(got, want, same) {
					t.Errorf("%v, want %v", got, want)
				}
				if got := flat(out[1]); !slices.Equal(got, wantGradient) {
					t.Errorf("gradient %v, want %v", got, wantGradient)
				}
			})
		})
	}
}

// TestSharedQuantizer joins two tensors under one exponent: the probe sees one activation, with the values of both.
func TestSharedQuantizer(t *testing.T) {
	join := func(scope *model.Scope, x *Node) *Node {
		a := nn.Quantize(scope.At("joined"), x).Signed().Done()
		b := nn.Quantize(scope.At("joined"), MulScalar(x, 2)).Signed().Done()
		return Concatenate([]*Node{a, b}, -1)
	}
	store := newStore(t, map[string]any{nn.ExponentPath("/joined"): int32(0)})
	probe := &nn.Probe{}
	out := run(t, testbackend.Go(t), store, func(scope *model.Scope, x *Node) []*Node {
		(&nn.Run{Scheme: scheme(t, "w4a4"), Probe: probe}).Attach(x.Graph())
		y := join(scope, x)
		return []*Node{y, probe.Activations[0].Value}
	}, [][]float32{{0.6, -2}, {3, 5}})
	if got, want := flat(out[0]), []float32{1, -2, 1, -4, 3, 5, 6, 7}; !slices.Equal(got, want) {
		t.Errorf("joined codes %v, want %v", got, want)
	}
	if got, want := flat(out[1]), []float32{0.6, -2, 1.2, -4, 3, 5, 6, 10}; len(probe.Activations) != 1 || !slices.Equal(got, want) {
		t.Errorf("%d activations, the first has %v; want one with %v", len(probe.Activations), got, want)
	}
	wantPanic(t, testbackend.Go(t), store, func(scope *model.Scope, x *Node) *Node {
		(&nn.Run{Probe: &nn.Probe{}}).Attach(x.Graph())
		return Add(join(scope, x), nn.Quantize(scope.At("joined"), x).Done())
	}, []float32{1}, "/joined", "Signed()")
}
