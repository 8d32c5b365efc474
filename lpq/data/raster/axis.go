package raster

import (
	"math"
	"sync"

	"github.com/pkg/errors"
)

// Filter names how pictures are resized, as in PIL: with antialiasing, which widens the filter when a picture shrinks.
type Filter string

// The filters that pretrained networks were evaluated with.
const (
	Bilinear Filter = "bilinear"
	Bicubic  Filter = "bicubic" // with a = -1/2
)

// kernels are the filters' supports, half of their widths, and weights at a distance (Resample.c of Pillow [1]).
//
// [1] Pillow 9.4, src/libImaging/Resample.c.
var kernels = map[Filter]struct {
	support float64
	weight  func(x float64) float64
}{
	Bilinear: {1, func(x float64) float64 { return max(0, 1-math.Abs(x)) }},
	Bicubic:  {2, bicubic},
}

func bicubic(x float64) float64 {
	const a = -0.5
	x = math.Abs(x)
	switch {
	case x < 1: // each product rounded by itself, as in C: no machine may fuse it with the sum
		return float64(float64(float64((a+2)*x)-(a+3))*x*x) + 1
	case x < 2:
		return float64(float64(float64(float64((x-5)*x)+8)*x)-4) * a
	}
	return 0
}

// Validate returns an error if there is no such filter.
func (f Filter) Validate() error {
	if _, ok := kernels[f]; !ok {
		return errors.Errorf("no filter %q; there are %q and %q", string(f), Bilinear, Bicubic)
	}
	return nil
}

// precision is the number of fractional bits of weights: products with levels leave two bits of an int32 for sign and overshoot.
const precision = 32 - 8 - 2

// axis says how some outputs of one side of a picture are made: the i-th is the sum of weights[i*taps+k] * input[first[i]+k] for k < count[i].
type axis struct {
	first, count []int32
	weights      []int32 // in 1/2^precision
	taps         int     // most weights of an output
}

// axisKey is a side of in pixels resized to out, of which those in [from, to) are wanted.
type axisKey struct {
	in, out, from, to int
	filter            Filter
}

// newAxis computes what Pillow's precompute_coeffs and normalize_coeffs_8bpc do.
func newAxis(key axisKey) *axis {
	kernel := kernels[key.filter]
	scale := float64(key.in) / float64(key.out)
	stretch := max(scale, 1)
	support := kernel.support * stretch
	wanted := key.to - key.from
	a := &axis{first: make([]int32, wanted), count: make([]int32, wanted), taps: int(math.Ceil(support))*2 + 1}
	a.weights = make([]int32, wanted*a.taps)
	exact := make([]float64, a.taps)
	for i := range wanted {
		centre := (float64(i+key.from) + 0.5) * scale
		first := max(int(centre-support+0.5), 0)
		exact = exact[:min(int(centre+support+0.5), key.in)-first]
		sum := 0.0
		for k := range exact {
			exact[k] = kernel.weight((float64(k+first) - centre + 0.5) * (1 / stretch))
			sum += exact[k]
		}
		for k, weight := range exact {
			weight /= sum // never 0: the nearest input has a weight
			a.weights[i*a.taps+k] = int32(math.Trunc(float64(weight*(1<<precision)) + math.Copysign(0.5, weight)))
		}
		a.first[i], a.count[i] = int32(first), int32(len(exact))
	}
	return a
}

// at returns where the i-th output begins to read, and its weights.
func (a *axis) at(i int) (first int, weights []int32) {
	return int(a.first[i]), a.weights[i*a.taps : i*a.taps+int(a.count[i])]
}

// reach is the range of inputs that are read.
func (a *axis) reach() (from, to int) {
	last := len(a.first) - 1
	return int(a.first[0]), int(a.first[last] + a.count[last])
}

// axes keeps those that training asks for again and again; one of 224 outputs has 9 kB or less.
var axes struct {
	sync.RWMutex
	known map[axisKey]*axis
}

// Axes that are longer are computed each time, so that the store stays small: at most mostAxes.
const (
	longestKept = 1024
	mostAxes    = 4096
)

// findAxis returns nil where nothing is to be done: PIL skips a pass that keeps the size.
func findAxis(key axisKey) *axis {
	if key.in == key.out {
		return nil
	}
	axes.RLock()
	a := axes.known[key]
	axes.RUnlock()
	if a != nil {
		return a
	}
	a = newAxis(key)
	if key.in > longestKept || key.to-key.from > longestKept {
		return a
	}
	axes.Lock()
	defer axes.Unlock()
	if axes.known == nil || len(axes.known) >= mostAxes {
		axes.known = map[axisKey]*axis{}
	}
	axes.known[key] = a
	return a
}
