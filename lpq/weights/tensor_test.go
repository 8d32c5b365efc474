package weights_test

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes/float16"
	"github.com/google/go-cmp/cmp"

	"github.com/lowprec/lpnets/lpq/weights"
)

func TestNewTensors(t *testing.T) {
	f, err := weights.NewFloat32("w", []int{2, 2}, []float32{1, -2, 0.5, float32(math.Inf(1))})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := f.Float32s(); err != nil || !cmp.Equal(got, []float32{1, -2, 0.5, float32(math.Inf(1))}) {
		t.Errorf("Float32s gave %v, %v", got, err)
	}
	i64, err := weights.NewInt64("n", nil, []int64{math.MinInt64})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := i64.Int64s(); err != nil || !cmp.Equal(got, []int64{math.MinInt64}) {
		t.Errorf("Int64s gave %v, %v", got, err)
	}
	i32, err := weights.NewInt32("n", []int{2}, []int32{-1, math.MaxInt32})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := i32.Int64s(); err != nil || !cmp.Equal(got, []int64{-1, math.MaxInt32}) {
		t.Errorf("Int64s gave %v, %v", got, err)
	}
}

func TestNewTensorErrors(t *testing.T) {
	for _, test := range []struct {
		name  string
		shape []int
		want  string
	}{
		{name: "too few values", shape: []int{2, 3}, want: `tensor "w": F32 of shape [2 3] has 24 bytes, got 16`},
		{name: "negative", shape: []int{-4}, want: "impossible shape [-4]"},
		{name: "overflow", shape: []int{1 << 40, 1 << 40}, want: "impossible shape"},
		{name: "overflow behind an empty dimension", shape: []int{0, 1 << 40, 1 << 40}, want: "impossible shape"},
		{name: "too many dimensions", shape: make([]int, 17), want: "17 dimensions"},
	} {
		if _, err := weights.NewFloat32("w", test.shape, make([]float32, 4)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got error %v, want %q", test.name, err, test.want)
		}
	}
}

func TestConversionErrors(t *testing.T) {
	n, err := weights.NewInt64("steps", []int{1}, []int64{1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.Float32s(); err == nil || !strings.Contains(err.Error(), `"steps" has element type I64`) {
		t.Errorf("Float32s of I64: %v", err)
	}
	w, err := weights.NewFloat32("w", []int{1}, []float32{1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Int64s(); err == nil || !strings.Contains(err.Error(), `"w" has element type F32`) {
		t.Errorf("Int64s of F32: %v", err)
	}
	w.Data = w.Data[:3]
	if _, err := w.Float32s(); err == nil || !strings.Contains(err.Error(), "has 4 bytes, got 3") {
		t.Errorf("short data: %v", err)
	}
}

// All 65536 half-precision numbers, against another implementation.
func TestHalf(t *testing.T) {
	h := weights.Tensor{Name: "h", DType: weights.F16, Shape: []int{1 << 16}}
	for i := range 1 << 16 {
		h.Data = binary.LittleEndian.AppendUint16(h.Data, uint16(i))
	}
	got, err := h.Float32s()
	if err != nil {
		t.Fatal(err)
	}
	for i, value := range got {
		want := float16.FromBits(uint16(i)).Float32()
		same := math.Float32bits(value) == math.Float32bits(want) || value != value && want != want
		if !same {
			t.Fatalf("%#04x gave %g, want %g", i, value, want)
		}
	}
}

func TestLookup(t *testing.T) {
	f := weights.File{Tensors: []weights.Tensor{{Name: "a"}, {Name: "b", DType: weights.F32}}}
	if got, ok := f.Lookup("b"); !ok || got.DType != weights.F32 {
		t.Errorf("b: got %v, %v", got, ok)
	}
	if _, ok := f.Lookup("c"); ok {
		t.Error("c was found")
	}
}
