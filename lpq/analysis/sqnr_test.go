package analysis_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/quant"
)

func ExampleSQNR() {
	values := []float32{0.3, -0.7, 0.1, 0.9} // codes 2, -6, 1, 7: errors 0.05, 0.05, 0.025, 0.025
	fmt.Printf("%.2f dB\n", analysis.SQNR(values, quant.Format{Bits: 4, Signed: true, Exponent: -3}))
	// Output: 23.50 dB
}

// TestSQNROfUniformValues has as many values in every part of the range: noise step^2/12 (Bennett, Spectra of quantized signals, Bell System
// Technical Journal 27, 1948), signal (codes*step)^2/12, six decibels a bit.
func TestSQNROfUniformValues(t *testing.T) {
	for bits := quant.MinBits; bits <= quant.MaxBits; bits++ {
		f := quant.Format{Bits: bits, Signed: true, Exponent: -3}
		const parts = 64 // of a step; midpoints, so that no value is a tie
		values := []float32{}
		for i := range (2*f.Max() + 1) * parts {
			values = append(values, float32((float64(f.Min())-0.5+(float64(i)+0.5)/parts)*f.Step()))
		}
		got, want := analysis.SQNR(values, f), 20*math.Log10(float64(2*f.Max()+1))
		if !(math.Abs(got-want) < 2e-3) { // 64 values for an integral: 1/64^2 of the noise
			t.Errorf("%d bits: %v dB, want %v", bits, got, want)
		}
	}
}

func TestSQNRAtItsEnds(t *testing.T) {
	f := quant.Format{Bits: 4, Signed: true, Exponent: 0}
	for _, test := range []struct {
		name   string
		values []float32
		want   float64
	}{
		{"on the grid", []float32{-7, 3, 0}, math.Inf(1)},
		{"zeros", []float32{0, 0}, math.Inf(1)},
		{"none", nil, math.Inf(1)},
		{"clipped", []float32{14}, 10 * math.Log10(4)}, // 14 becomes 7
		{"all lost", []float32{0.25, -0.25}, 0},
	} {
		if got := analysis.SQNR(test.values, f); got != test.want {
			t.Errorf("%s: %v dB, want %v", test.name, got, test.want)
		}
	}
	if got := analysis.SQNR([]float32{float32(math.NaN())}, f); !math.IsNaN(got) {
		t.Errorf("NaN: %v dB", got)
	}
}

func TestWeightSQNR(t *testing.T) {
	m, err := models.New(testbackend.Go(t), stripes, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name        string
		scheme      string
		granularity quant.Granularity
		bits        []int // of the layers
	}{
		{"one exponent", "w4a4", quant.PerTensor, []int{8, 4, 8}},
		{"one for each channel", "w3a32", quant.PerChannel, []int{8, 3, 8}},
	} {
		scheme := schemes(t, test.scheme)[0]
		scheme.Granularity = test.granularity
		if err := m.SetScheme(scheme); err != nil {
			t.Fatal(err)
		}
		layers, err := analysis.WeightSQNR(m)
		if err != nil || len(layers) != len(test.bits) {
			t.Fatalf("%s: %v, error %v", test.name, layers, err)
		}
		for i, site := range m.Weights() {
			want := obviousSQNR(t, m, site, test.bits[i], test.granularity == quant.PerChannel)
			if got := layers[i]; got.Name != site.Name || got.Bits != test.bits[i] || !(math.Abs(got.SQNR-want) < 1e-9) {
				t.Errorf("%s: %+v; want %s, %d bits, %v dB", test.name, got, site.Name, test.bits[i], want)
			}
		}
	}
	if err := m.SetScheme(quant.Scheme{}); err != nil {
		t.Fatal(err)
	}
	if _, err := analysis.WeightSQNR(m); err == nil || !strings.Contains(err.Error(), "not quantized in fp32") {
		t.Errorf("fp32: error %v", err)
	}
}

// obviousSQNR finds exponents from largest magnitudes, channel by channel or once, and adds up errors.
func obviousSQNR(t *testing.T, m *models.Model, site models.Site, bits int, perChannel bool) float64 {
	t.Helper()
	v := m.Store.GetVariable(site.Path)
	value, err := v.Value()
	if err != nil {
		t.Fatal(err)
	}
	flat, err := tensors.CopyFlatData[float32](value)
	if err != nil {
		t.Fatal(err)
	}
	groups := map[int][]float32{}
	for i, x := range flat {
		channel := 0
		if perChannel {
			channel = i % v.Shape().Dim(-1)
		}
		groups[channel] = append(groups[channel], x)
	}
	var signal, noise float64
	for _, group := range groups {
		var largest float64
		for _, x := range group {
			signal += float64(x) * float64(x)
			largest = max(largest, math.Abs(float64(x)))
		}
		l := int(math.Ceil(math.Log2(largest))) - (bits - 1) // the paper's rule
		step := math.Pow(2, float64(l))
		for _, x := range group {
			most := math.Pow(2, float64(bits-1)) - 1
			code := min(max(math.RoundToEven(float64(x)/step), -most), most)
			noise += (float64(x) - code*step) * (float64(x) - code*step)
		}
	}
	return 10 * math.Log10(signal/noise)
}
