package quant_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/quant"
)

// number reads a JSON number, or "inf" and "-inf" as text.
type number float32

func (n *number) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case `"inf"`:
		*n = number(math.Inf(1))
		return nil
	case `"-inf"`:
		*n = number(math.Inf(-1))
		return nil
	}
	var f float64 // PyTorch printed float32 values as doubles
	err := json.Unmarshal(data, &f)
	*n = number(f)
	return err
}

func floats(numbers []number) []float32 {
	out := make([]float32, len(numbers))
	for i, n := range numbers {
		out[i] = float32(n)
	}
	return out
}

// primitives is the part of PyTorch's outputs that concerns this package (golden/primitives.py).
type primitives struct {
	FixedPoint []struct {
		Bits     int
		Signed   bool
		Exponent int
		X, Y     []number
		Mask     []number `json:"gradient_mask"`
	} `json:"fixed_point"`
	ExponentFromRange []struct {
		Range    float64
		Bits     int
		Signed   bool
		Exponent int
	} `json:"exponent_from_range"`
}

func readPrimitives(t *testing.T) (golden primitives) {
	t.Helper()
	data, err := os.ReadFile(shared.Path(t, "golden", "primitives.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.FixedPoint) == 0 || len(golden.ExponentFromRange) == 0 {
		t.Fatal("golden/primitives.json has no fixed_point or exponent_from_range")
	}
	return golden
}

// fakeQuantizeWithGradient returns FakeQuantize(x) and the gradient of its sum.
func fakeQuantizeWithGradient(t *testing.T, backend compute.Backend, x []float32, f quant.Format) (y, gradient []float32) {
	t.Helper()
	exec, err := NewExec(backend, func(x, l *Node) (*Node, *Node) {
		y := quant.FakeQuantize(x, f.Bits, f.Signed, l)
		return y, Gradient(ReduceAllSum(y), x)[0]
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	out, err := exec.Call(x, int32(f.Exponent))
	if err != nil {
		t.Fatal(err)
	}
	return tensors.MustCopyFlatData[float32](out[0]), tensors.MustCopyFlatData[float32](out[1])
}

func TestFakeQuantizeEqualsPyTorch(t *testing.T) {
	golden := readPrimitives(t)
	testbackend.ForEach(t, func(t *testing.T, backend compute.Backend) {
		for _, row := range golden.FixedPoint {
			f := quant.Format{Bits: row.Bits, Signed: row.Signed, Exponent: row.Exponent}
			y, gradient := fakeQuantizeWithGradient(t, backend, floats(row.X), f)
			for i, x := range floats(row.X) {
				if want := float32(row.Y[i]); y[i] != want {
					t.Errorf("%v: FakeQuantize(%g) = %g, PyTorch has %g", f, x, y[i], want)
				}
				if want := float32(row.Mask[i]); gradient[i] != want {
					t.Errorf("%v: gradient at %g = %g, PyTorch has %g", f, x, gradient[i], want)
				}
			}
		}
	})
}

func TestFormatEqualsPyTorch(t *testing.T) {
	for _, row := range readPrimitives(t).FixedPoint {
		f, err := quant.NewFormat(row.Bits, row.Signed, row.Exponent)
		if err != nil {
			t.Fatal(err)
		}
		for i, x := range floats(row.X) {
			if got, want := f.FakeQuantize(x), float32(row.Y[i]); got != want {
				t.Errorf("%v.FakeQuantize(%g) = %g, PyTorch has %g", f, x, got, want)
			}
		}
	}
}

func TestExponentForRangeEqualsPyTorch(t *testing.T) {
	golden := readPrimitives(t).ExponentFromRange
	for _, row := range golden {
		// PyTorch rounded the range to float32 first.
		got, err := quant.ExponentForRange(float64(float32(row.Range)), row.Bits, row.Signed)
		if err != nil {
			t.Fatal(err)
		}
		if got != row.Exponent {
			t.Errorf("ExponentForRange(%v, %d, %v) = %d, PyTorch has %d", row.Range, row.Bits, row.Signed, got, row.Exponent)
		}
	}
	testbackend.ForEach(t, func(t *testing.T, backend compute.Backend) {
		for _, row := range golden {
			exec := MustNewExec(backend, func(limit *Node) *Node { return quant.RangeExponent(limit, row.Bits, row.Signed) })
			got := tensors.ToScalar[int32](exec.MustCall(float32(row.Range))[0])
			exec.Finalize()
			if int(got) != row.Exponent {
				t.Errorf("RangeExponent(%v, %d, %v) = %d, PyTorch has %d", row.Range, row.Bits, row.Signed, got, row.Exponent)
			}
		}
	})
}
