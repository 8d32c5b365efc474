package quant_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/quant"
)

// call runs a graph function once and returns its first output, flat.
func call[T float32 | int32, F ExecGraphFn](t *testing.T, backend compute.Backend, fn F, args ...any) []T {
	t.Helper()
	exec, err := NewExec(backend, fn)
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	out, err := exec.Call(args...)
	if err != nil {
		t.Fatal(err)
	}
	return tensors.MustCopyFlatData[T](out[0])
}

// formats is every bit-width and kind with a few exponents, the extreme ones too.
func formats() (all []quant.Format) {
	for bits := quant.MinBits; bits <= quant.MaxBits; bits++ {
		for _, signed := range []bool{true, false} {
			for _, l := range []int{quant.MinExponent, -20, -3, 0, 5, quant.MaxExponent} {
				all = append(all, quant.Format{Bits: bits, Signed: signed, Exponent: l})
			}
		}
	}
	return all
}

// probes is values on, between and beside the grid of f, far outside it, and random ones.
func probes(f quant.Format) []float32 {
	values := []float32{0, float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), 1e-45, math.MaxFloat32, -math.MaxFloat32}
	for code := f.Min() - 2; code <= f.Max()+2; code++ {
		on := f.Dequantize(code)
		between := float32(math.Ldexp(float64(code)+0.5, f.Exponent))
		for _, x := range []float32{on, between} {
			values = append(values, x, math.Nextafter32(x, float32(math.Inf(1))), math.Nextafter32(x, float32(math.Inf(-1))))
		}
	}
	rng := rand.New(rand.NewPCG(1, uint64(f.Bits)))
	for range 50 {
		values = append(values, float32(rng.NormFloat64()*f.Step()*float64(f.Max())))
	}
	return values
}

func TestFakeQuantizeEqualsFormat(t *testing.T) {
	testbackend.ForEach(t, func(t *testing.T, backend compute.Backend) {
		exec := map[string]*Exec{}
		for _, f := range formats() {
			key := fmt.Sprint(f.Bits, f.Signed)
			if exec[key] == nil {
				exec[key] = MustNewExec(backend, func(x, l *Node) (*Node, *Node) {
					return quant.FakeQuantize(x, f.Bits, f.Signed, l), quant.Codes(x, f.Bits, f.Signed, l)
				})
				defer exec[key].Finalize()
			}
			xs := probes(f)
			out, err := exec[key].Call(xs, int32(f.Exponent))
			if err != nil {
				t.Fatal(err)
			}
			ys, codes := tensors.MustCopyFlatData[float32](out[0]), tensors.MustCopyFlatData[int32](out[1])
			for i, x := range xs {
				want := f.FakeQuantize(x)
				if ys[i] != want && !(x != x && ys[i] != ys[i]) {
					t.Errorf("%v: FakeQuantize(%g) = %g, want %g", f, x, ys[i], want)
				}
				if x == x && int(codes[i]) != f.Quantize(x) {
					t.Errorf("%v: code of %g = %d, want %d", f, x, codes[i], f.Quantize(x))
				}
			}
		}
	})
}

func TestFakeQuantizeWeight(t *testing.T) {
	testbackend.ForEach(t, func(t *testing.T, backend compute.Backend) {
		w := []float32{-9, -0.3, 0, 0.06, 0.19, 100}
		f := quant.Format{Bits: 4, Signed: true, Exponent: -3}
		fn := func(w, l *Node) *Node { return quant.FakeQuantizeWeight(w, 4, l) }
		for i, y := range call[float32](t, backend, fn, w, int32(-3)) {
			if want := f.FakeQuantize(w[i]); y != want {
				t.Errorf("FakeQuantizeWeight(%g) = %g, want %g", w[i], y, want)
			}
		}
		gradient := func(w, l *Node) *Node { return Gradient(ReduceAllSum(quant.FakeQuantizeWeight(w, 4, l)), w)[0] }
		for i, g := range call[float32](t, backend, gradient, w, int32(-3)) {
			if g != 1 {
				t.Errorf("gradient at %g = %g, want 1", w[i], g)
			}
		}
		broken := []float32{float32(math.NaN()), float32(math.Inf(1))}
		for i, y := range call[float32](t, backend, fn, broken, int32(-3)) {
			if y == y {
				t.Errorf("FakeQuantizeWeight(%g) = %g, want NaN: a broken weight must stay visible", broken[i], y)
			}
		}
	})
}

func TestExp2IsExact(t *testing.T) {
	testbackend.ForEach(t, func(t *testing.T, backend compute.Backend) {
		var ls []int32
		for l := int32(-200); l <= 200; l++ {
			ls = append(ls, l)
		}
		for i, y := range call[float32](t, backend, func(l *Node) *Node { return quant.Exp2(l) }, ls) {
			clamped := min(max(int(ls[i]), quant.MinExponent), quant.MaxExponent)
			if want := float32(math.Ldexp(1, clamped)); y != want {
				t.Errorf("Exp2(%d) = %g, want %g", ls[i], y, want)
			}
		}
	})
}

func TestRangeExponentNearPowersOfTwo(t *testing.T) {
	var limits []float32
	for l := -120; l <= 120; l++ {
		x := float32(math.Ldexp(1, l))
		limits = append(limits, math.Nextafter32(x, 0), x, math.Nextafter32(x, math.MaxFloat32))
	}
	limits = append(limits, 0, math.MaxFloat32)
	testbackend.ForEach(t, func(t *testing.T, backend compute.Backend) {
		got := call[int32](t, backend, func(limit *Node) *Node { return quant.RangeExponent(limit, 4, quant.Signed) }, limits)
		for i, limit := range limits {
			want, err := quant.ExponentForRange(float64(limit), 4, quant.Signed)
			if err != nil {
				t.Fatal(err)
			}
			if int(got[i]) != want {
				t.Errorf("RangeExponent(%g) = %d, want %d", limit, got[i], want)
			}
		}
	})
}

// bestExponent is RuleMSE in float64, by obvious loops.
func bestExponent(w []float32, bits int) int {
	var limit float64
	for _, x := range w {
		limit = max(limit, math.Abs(float64(x)))
	}
	top, _ := quant.ExponentForRange(limit, bits, quant.Signed)
	best := top
	for l := top - 1; l > top-4; l-- {
		if quant.SquaredError(w, quant.Format{Bits: bits, Signed: true, Exponent: l}) <
			quant.SquaredError(w, quant.Format{Bits: bits, Signed: true, Exponent: best}) {
			best = l
		}
	}
	return best
}

func TestWeightExponent(t *testing.T) {
	const channels = 5
	rng := rand.New(rand.NewPCG(3, 5))
	w := make([][]float32, 200)
	flat, columns := []float32{}, make([][]float32, channels)
	for i := range w {
		for c := range channels {
			x := float32(rng.NormFloat64() * math.Ldexp(1, c-2))
			if c == channels-1 {
				x = 0 // a channel without weights
			}
			w[i] = append(w[i], x)
			flat, columns[c] = append(flat, x), append(columns[c], x)
		}
	}
	for _, bits := range []int{2, 3, 4, 8} {
		if got, err := quant.ExponentForWeights(flat, bits, quant.RuleMSE); err != nil || got != bestExponent(flat, bits) {
			t.Errorf("%d bits: without a graph %d, %v; want %d", bits, got, err, bestExponent(flat, bits))
		}
	}
	testbackend.ForEach(t, func(t *testing.T, backend compute.Backend) {
		for _, bits := range []int{2, 3, 4, 8} {
			perTensor := func(w *Node) *Node { return quant.WeightExponent(w, bits, quant.RuleMSE, quant.PerTensor) }
			if got, want := call[int32](t, backend, perTensor, w)[0], bestExponent(flat, bits); int(got) != want {
				t.Errorf("%d bits: exponent %d, want %d", bits, got, want)
			}
			perChannel := func(w *Node) *Node { return quant.WeightExponent(w, bits, quant.RuleMSE, quant.PerChannel) }
			for c, got := range call[int32](t, backend, perChannel, w) {
				if want := bestExponent(columns[c], bits); int(got) != want {
					t.Errorf("%d bits, channel %d: exponent %d, want %d", bits, c, got, want)
				}
			}
		}
	})
}

func TestReLU(t *testing.T) {
	nan := float32(math.NaN())
	x := []float32{-2, -0.5, 0, 0.5, 3, float32(math.Inf(1)), float32(math.Inf(-1)), nan}
	want := []float32{0, 0, 0, 0.5, 3, float32(math.Inf(1)), 0, nan}
	wantGradient := []float32{0, 0, 0, 1, 1, 1, 0, 0}
	testbackend.ForEach(t, func(t *testing.T, backend compute.Backend) {
		ys := call[float32](t, backend, func(x *Node) *Node { return quant.ReLU(x) }, x)
		gradients := call[float32](t, backend, func(x *Node) *Node { return Gradient(ReduceAllSum(quant.ReLU(x)), x)[0] }, x)
		for i := range x {
			if ys[i] != want[i] && !(ys[i] != ys[i] && want[i] != want[i]) {
				t.Errorf("ReLU(%g) = %g, want %g", x[i], ys[i], want[i])
			}
			if gradients[i] != wantGradient[i] {
				t.Errorf("gradient of ReLU at %g = %g, want %g", x[i], gradients[i], wantGradient[i])
			}
		}
	})
}

func TestGraphFunctionsPanicOnWrongOperands(t *testing.T) {
	backend := testbackend.Go(t)
	for name, fn := range map[string]func(x, l *Node) *Node{
		"9 bits":               func(x, l *Node) *Node { return quant.FakeQuantize(x, 9, true, l) },
		"exponent is a float":  func(x, l *Node) *Node { return quant.FakeQuantize(x, 4, true, x) },
		"values are integers":  func(x, l *Node) *Node { return quant.FakeQuantizeWeight(ConvertDType(x, dtypes.Int32), 4, l) },
		"Exp2 of a float":      func(x, l *Node) *Node { return quant.Exp2(x) },
		"range is an exponent": func(x, l *Node) *Node { return quant.RangeExponent(l, 4, true) },
	} {
		exec := MustNewExec(backend, fn)
		if _, err := exec.Call([]float32{1}, int32(0)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
