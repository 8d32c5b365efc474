package models

import (
	"slices"
	"testing"
)

// numbered is 0, 1, 2, ... in the shape's row-major order.
func numbered(dims []int) []float32 {
	n := 1
	for _, d := range dims {
		n *= d
	}
	values := make([]float32, n)
	for i := range values {
		values[i] = float32(i)
	}
	return values
}

func TestConvolutionLayout(t *testing.T) {
	const height, width, in, out = 2, 3, 4, 5
	dims := []int{height, width, in, out}
	ours := numbered(dims)
	var want []float32 // [out, in, height, width]
	for o := range out {
		for i := range in {
			for h := range height {
				for w := range width {
					want = append(want, ours[((h*width+w)*in+i)*out+o])
				}
			}
		}
	}
	checkLayout(t, dims, []int{out, in, height, width}, want)
}

func TestDenseLayout(t *testing.T) {
	const in, out = 3, 4
	var want []float32 // [out, in]
	for o := range out {
		for i := range in {
			want = append(want, float32(i*out+o))
		}
	}
	checkLayout(t, []int{in, out}, []int{out, in}, want)
}

func TestVectorsStay(t *testing.T) {
	checkLayout(t, []int{5}, []int{5}, []float32{0, 1, 2, 3, 4})
	checkLayout(t, nil, nil, []float32{0})
}

// checkLayout compares the file's form of numbered values with the expected one, and goes back.
func checkLayout(t *testing.T, dims, wantDims []int, want []float32) {
	t.Helper()
	if got := fileShape(dims); !slices.Equal(got, wantDims) {
		t.Errorf("shape %v in a file is %v, want %v", dims, got, wantDims)
	}
	inFile := toFileOrder(numbered(dims), dims)
	if !slices.Equal(inFile, want) {
		t.Errorf("shape %v: %v, want %v", dims, inFile, want)
	}
	if back := fromFileOrder(inFile, wantDims); !slices.Equal(back, numbered(dims)) {
		t.Errorf("shape %v: there and back gives %v", dims, back)
	}
}
