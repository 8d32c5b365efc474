package analysis_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/weights"
)

func tensor(name string, shape []int, values ...float32) weights.Tensor {
	t, err := weights.NewFloat32(name, shape, values)
	if err != nil {
		panic(err)
	}
	return t
}

func ExampleSimilarity() {
	before := &weights.File{Tensors: []weights.Tensor{tensor("fc.weight", []int{1, 2}, 3, 4), tensor("fc.bias", []int{1}, 5)}}
	after := &weights.File{Tensors: []weights.Tensor{tensor("fc.weight", []int{1, 2}, 4, 3), tensor("fc.bias", []int{1}, -5)}}
	layers, err := analysis.Similarity(before, after)
	fmt.Println(layers, err)
	// Output: [{fc.weight 2 0.96}] <nil>
}

func TestSimilarityErrors(t *testing.T) {
	a := tensor("a", []int{1, 2}, 1, 2)
	for name, test := range map[string]struct {
		other []weights.Tensor
		want  string
	}{
		"missing layer":    {nil, "only in one"},
		"additional layer": {[]weights.Tensor{a, tensor("b", []int{1, 1}, 1)}, "layer b is only in one"},
		"other shape":      {[]weights.Tensor{tensor("a", []int{2, 1}, 1, 2)}, "[1 2] in one network and [2 1]"},
	} {
		_, err := analysis.Similarity(&weights.File{Tensors: []weights.Tensor{a}}, &weights.File{Tensors: test.other})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, test.want)
		}
	}
	if _, err := analysis.Similarity(&weights.File{}, &weights.File{}); err == nil {
		t.Error("no layers: no error")
	}
}

func TestCosine(t *testing.T) {
	for _, test := range []struct {
		a, b []float32
		want float64
	}{
		{[]float32{1, 0}, []float32{0, 2}, 0},
		{[]float32{1, 2}, []float32{2, 4}, 1},
		{[]float32{1, 2}, []float32{-1, -2}, -1},
		{[]float32{0, 0}, []float32{1, 2}, 0},
		{[]float32{1e30, 0}, []float32{1e30, 1e30}, math.Sqrt2 / 2}, // float32 would overflow
	} {
		if got := analysis.Cosine(test.a, test.b); math.Abs(got-test.want) > 1e-12 {
			t.Errorf("Cosine(%v, %v) = %v, want %v", test.a, test.b, got, test.want)
		}
	}
}

func TestWilson(t *testing.T) {
	// Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I, method 3.
	for _, test := range []struct {
		hits, n int
		lo, hi  float64
	}{{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}} {
		lo, hi := analysis.Wilson(test.hits, test.n)
		if math.Abs(lo-test.lo) > 5e-5 || math.Abs(hi-test.hi) > 5e-5 {
			t.Errorf("Wilson(%d, %d) = %.4f, %.4f; want %.4f, %.4f", test.hits, test.n, lo, hi, test.lo, test.hi)
		}
	}
}
