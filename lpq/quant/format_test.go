package quant_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/lowprec/lpnets/lpq/quant"
)

func ExampleFormat() {
	f, err := quant.NewFormat(4, quant.Signed, -3)
	if err != nil {
		panic(err)
	}
	lo, hi := f.Range()
	fmt.Println(f, lo, hi)
	fmt.Println(f.Quantize(0.3), f.FakeQuantize(0.3), f.FakeQuantize(7))
	// Output:
	// s4*2^-3 -0.875 0.875
	// 2 0.25 0.875
}

func ExampleParseScheme() {
	s, err := quant.ParseScheme("w4a4")
	fmt.Println(s, s.Weights(false), s.Weights(true), err)
	_, err = quant.ParseScheme("w99a1")
	fmt.Println(err)
	// Output:
	// w4a4 4 8 <nil>
	// no precision "w99a1": 99 bits; want 2 to 8, or 32 for float
}

func TestFormatProperties(t *testing.T) {
	for _, f := range formats() {
		previous := math.Inf(-1)
		for code := f.Min(); code <= f.Max(); code++ {
			x := f.Dequantize(code)
			if got := f.Quantize(x); got != code {
				t.Errorf("%v: code %d comes back as %d", f, code, got)
			}
			if float64(x) <= previous {
				t.Errorf("%v: code %d is not above its predecessor", f, code)
			}
			previous = float64(x)
		}
		lo, hi := f.Range()
		for _, x := range probes(f) {
			y := f.FakeQuantize(x)
			if again := f.FakeQuantize(y); again != y && y == y {
				t.Errorf("%v: FakeQuantize(%g) = %g, and again %g", f, x, y, again)
			}
			if d := math.Abs(float64(x) - float64(y)); float64(x) >= lo && float64(x) <= hi && d > f.Step()/2 {
				t.Errorf("%v: %g is rounded by %g, more than half a step", f, x, d)
			}
		}
	}
}

func TestParseScheme(t *testing.T) {
	for _, name := range []string{"fp32", "w8a8", "w4a4", "w4a32", "w32a4", "w2a3"} {
		s, err := quant.ParseScheme(name)
		if err != nil || s.String() != name || s.Validate() != nil {
			t.Errorf("ParseScheme(%q) = %v, %v", name, s, err)
		}
	}
	if s, err := quant.ParseScheme("w32a32"); err != nil || s.Quantized() {
		t.Errorf("w32a32 = %v, %v; want fp32", s, err)
	}
	for _, name := range []string{"", "w4", "w99a1", "w1a4", "w9a4", "4x4", "w4a4 ", "W4A4"} {
		if s, err := quant.ParseScheme(name); err == nil {
			t.Errorf("ParseScheme(%q) = %v, want an error", name, s)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, f := range []quant.Format{{}, {Bits: 1}, {Bits: 9}, {Bits: 4, Exponent: quant.MaxExponent + 1}, {Bits: 4, Exponent: quant.MinExponent - 1}} {
		if f.Validate() == nil {
			t.Errorf("%v is valid", f)
		}
	}
	for _, s := range []quant.Scheme{{WeightBits: 1}, {ActivationBits: 33}, {WeightBits: 4, EdgeBits: -1}, {WeightRule: "l2"}, {Granularity: "row"}} {
		if s.Validate() == nil {
			t.Errorf("%+v is valid", s)
		}
	}
	filled := quant.Scheme{WeightBits: 4, ActivationBits: 8, EdgeBits: 8, WeightRule: quant.RuleMax, Granularity: quant.PerTensor}
	if bare := (quant.Scheme{WeightBits: 4, ActivationBits: 8, EdgeBits: 8}); !bare.Equal(filled) || !filled.Equal(bare) || bare.Equal(quant.Scheme{WeightBits: 4}) {
		t.Error("what is empty in a scheme does not equal its meaning")
	}
	for _, limit := range []float64{-1, math.NaN(), math.Inf(1)} {
		if _, err := quant.ExponentForRange(limit, 4, true); err == nil {
			t.Errorf("ExponentForRange(%v) gives no error", limit)
		}
	}
}
