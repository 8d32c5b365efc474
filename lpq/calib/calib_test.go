package calib_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/lowprec/lpnets/lpq/calib"
	"github.com/lowprec/lpnets/lpq/quant"
)

func ExampleChoice() {
	var h calib.Histogram
	h.Observe([]float32{0, 0.1, 0.2, 0.4, 0.3, 2.9})
	for _, method := range []calib.Method{calib.Maximum, calib.MSE} {
		l, err := calib.Choice{Method: method}.Exponent(&h, 4, quant.Unsigned)
		fmt.Println(method, l, err)
	}
	// Output:
	// max -2 <nil>
	// mse -2 <nil>
}

// samples is like activations after a ReLU: half zeros, a long tail.
func samples(n int, seed uint64) []float32 {
	rng := rand.New(rand.NewPCG(seed, 1))
	out := make([]float32, n)
	for i := range out {
		if x := rng.NormFloat64(); x > 0 {
			out[i] = float32(math.Exp(1.5*rng.NormFloat64()) * x)
		}
	}
	return out
}

// percentile is numpy.percentile's default, linear interpolation, on all values.
func percentile(values []float32, p float64) float64 {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	position := p / 100 * float64(len(sorted)-1)
	lo := int(position)
	hi := min(lo+1, len(sorted)-1)
	return float64(sorted[lo]) + (float64(sorted[hi])-float64(sorted[lo]))*(position-float64(lo))
}

func TestPercentileAgainstSorting(t *testing.T) {
	for seed := range uint64(20) {
		values := samples(5000, seed)
		var h calib.Histogram
		h.Observe(values)
		for _, p := range []float64{0, 10, 50, 90, 99, 99.9, 99.99, 100} {
			got, want := h.Percentile(p), percentile(values, p)
			if got < want*(1-1e-6) || got > want*(1+1./1024)+1e-30 {
				t.Errorf("seed %d: percentile %v = %v, exact %v", seed, p, got, want)
			}
		}
		if got, want := h.Max(), float64(slices.Max(values)); got != want {
			t.Errorf("seed %d: max = %v, want %v", seed, got, want)
		}
	}
}

func TestPowersOfTwoAreBinEnds(t *testing.T) {
	for _, exponent := range []int{-100, -3, 0, 1, 60} {
		x := float32(math.Ldexp(1, exponent))
		for _, v := range []float32{math.Nextafter32(x, 0), x, math.Nextafter32(x, math.MaxFloat32)} {
			var h calib.Histogram
			h.Observe([]float32{v, v, v, 1e38}) // the maximum must not help
			got, err := calib.Choice{Method: calib.Percentile, Percentile: 50}.Exponent(&h, 8, quant.Signed)
			if err != nil {
				t.Fatal(err)
			}
			if want, _ := quant.ExponentForRange(float64(v), 8, quant.Signed); got != want {
				t.Errorf("exponent for %g = %d, want %d", v, got, want)
			}
		}
	}
}

func TestMergeEqualsObservingAll(t *testing.T) {
	all, a, b := new(calib.Histogram), new(calib.Histogram), new(calib.Histogram)
	first, second := samples(1000, 1), samples(3000, 2)
	all.Observe(slices.Concat(first, second))
	a.Observe(first)
	b.Observe(second)
	a.Merge(b)
	if a.Count() != all.Count() || a.Max() != all.Max() {
		t.Errorf("merged: %d values up to %v, want %d up to %v", a.Count(), a.Max(), all.Count(), all.Max())
	}
	for p := 0.; p <= 100; p += 0.5 {
		if got, want := a.Percentile(p), all.Percentile(p); got != want {
			t.Errorf("percentile %v = %v merged, %v together", p, got, want)
		}
	}
}

func TestMSEAgainstAllValues(t *testing.T) {
	for seed := range uint64(20) {
		values := samples(4000, seed)
		var h calib.Histogram
		h.Observe(values)
		for _, bits := range []int{2, 4, 8} {
			got, err := calib.Choice{Method: calib.MSE}.Exponent(&h, bits, quant.Unsigned)
			if err != nil {
				t.Fatal(err)
			}
			chosen := quant.SquaredError(values, quant.Format{Bits: bits, Exponent: got})
			for l := got - 3; l <= got+3; l++ {
				// The histogram knows values to 2^-11: an exponent that is better by less may be missed.
				if e := quant.SquaredError(values, quant.Format{Bits: bits, Exponent: l}); e < chosen*(1-1e-3) {
					t.Errorf("seed %d, %d bits: exponent %d has squared error %v, but %d has %v", seed, bits, got, chosen, l, e)
				}
			}
		}
	}
}

func TestChoiceErrors(t *testing.T) {
	var ok, broken, empty calib.Histogram
	ok.Observe([]float32{1})
	broken.Observe([]float32{1, float32(math.NaN()), float32(math.Inf(-1))})
	for name, test := range map[string]struct {
		choice calib.Choice
		h      *calib.Histogram
		bits   int
	}{
		"no such method":       {calib.Choice{Method: "median"}, &ok, 4},
		"percentile over 100":  {calib.Choice{Percentile: 101}, &ok, 4},
		"percentile not real":  {calib.Choice{Percentile: math.NaN()}, &ok, 4},
		"NaN was observed":     {calib.Choice{}, &broken, 4},
		"nothing was observed": {calib.Choice{}, &empty, 4},
		"one bit":              {calib.Choice{}, &ok, 1},
	} {
		if l, err := test.choice.Exponent(test.h, test.bits, quant.Unsigned); err == nil {
			t.Errorf("%s: exponent %d, want an error", name, l)
		}
	}
	if broken.Broken() != 2 || broken.Count() != 1 {
		t.Errorf("broken: %d of %d", broken.Broken(), broken.Count())
	}
}

func TestZeros(t *testing.T) {
	var h calib.Histogram
	h.Observe(make([]float32, 100))
	for _, method := range []calib.Method{calib.Maximum, calib.Percentile, calib.MSE} {
		if l, err := (calib.Choice{Method: method}).Exponent(&h, 4, quant.Unsigned); err != nil || l != -4 {
			t.Errorf("%s of zeros: exponent %d, %v; want that of range 1, -4", method, l, err)
		}
	}
}

func BenchmarkObserve(b *testing.B) {
	values := samples(1<<20, 1)
	b.SetBytes(4 * int64(len(values)))
	var h calib.Histogram
	for b.Loop() {
		h.Observe(values)
	}
}
