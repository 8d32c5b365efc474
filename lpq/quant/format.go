package quant

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
)

// Bit-widths that a Format can have.
const (
	MinBits = 2
	MaxBits = 8
)

// Names for Format.Signed, for call sites that read better with a word.
const (
	Signed   = true
	Unsigned = false
)

// Exponents are kept where 2^-l, half a step and the largest value are all normal float32 numbers, so that every operation of a
// quantizer is exact (XLA flushes denormal numbers to zero).
const (
	MinExponent = -100
	MaxExponent = 100
)

// Format says how real numbers are written as integer codes: value = code * 2^Exponent.
//
// Codes of a signed format are -(2^(Bits-1)-1) .. 2^(Bits-1)-1 (narrow: the lowest two's-complement code is not used);
// of an unsigned one 0 .. 2^Bits-1. There is no zero-point. Build it with NewFormat, or as a literal and Validate.
type Format struct {
	Bits     int  // 2..8
	Signed   bool // false: codes start at 0
	Exponent int  // place of the least significant bit; step = 2^Exponent
}

// NewFormat returns a valid Format, or an error that names the field that is out of range.
func NewFormat(bits int, signed bool, exponent int) (Format, error) {
	f := Format{Bits: bits, Signed: signed, Exponent: exponent}
	return f, f.Validate()
}

// Validate returns an error if a field is out of range.
func (f Format) Validate() error {
	if err := checkBits(f.Bits); err != nil {
		return err
	}
	if f.Exponent < MinExponent || f.Exponent > MaxExponent {
		return errors.Errorf("quant: exponent %d is not in %d..%d", f.Exponent, MinExponent, MaxExponent)
	}
	return nil
}

func checkBits(bits int) error {
	if bits < MinBits || bits > MaxBits {
		return errors.Errorf("quant: %d bits; want %d to %d", bits, MinBits, MaxBits)
	}
	return nil
}

// codeRange is the lowest and the highest code of a bit-width.
func codeRange(bits int, signed bool) (lo, hi int) {
	if signed {
		hi = 1<<(bits-1) - 1
		return -hi, hi
	}
	return 0, 1<<bits - 1
}

// magnitudeBits is the number of bits that hold the magnitude: a range r fits if r <= 2^(Exponent+magnitudeBits).
func magnitudeBits(bits int, signed bool) int {
	if signed {
		return bits - 1
	}
	return bits
}

// Min is the lowest code.
func (f Format) Min() int { lo, _ := codeRange(f.Bits, f.Signed); return lo }

// Max is the highest code.
func (f Format) Max() int { _, hi := codeRange(f.Bits, f.Signed); return hi }

// Step is the distance of two neighbouring values, 2^Exponent.
func (f Format) Step() float64 { return math.Ldexp(1, f.Exponent) }

// Range is the real interval that the codes cover.
func (f Format) Range() (lo, hi float64) {
	return float64(f.Min()) * f.Step(), float64(f.Max()) * f.Step()
}

// Quantize returns the code of x: clip(round(x * 2^-Exponent), Min, Max), ties to even. Infinities saturate; NaN has no code
// and gives 0.
func (f Format) Quantize(x float32) int {
	q := math.RoundToEven(math.Ldexp(float64(x), -f.Exponent))
	if math.IsNaN(q) {
		return 0
	}
	return int(min(max(q, float64(f.Min())), float64(f.Max())))
}

// Dequantize returns the value of a code, exactly.
func (f Format) Dequantize(code int) float32 {
	return float32(math.Ldexp(float64(code), f.Exponent))
}

// FakeQuantize returns the value on the grid that stands for x. NaN stays NaN.
func (f Format) FakeQuantize(x float32) float32 {
	if x != x {
		return x
	}
	return f.Dequantize(f.Quantize(x))
}

// String gives for instance "s4*2^-3" (signed, 4 bits) or "u8*2^-5".
func (f Format) String() string {
	kind := "u"
	if f.Signed {
		kind = "s"
	}
	return fmt.Sprintf("%s%d*2^%d", kind, f.Bits, f.Exponent)
}
