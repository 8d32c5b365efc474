package quant

import (
	"math"
	"slices"

	"github.com/pkg/errors"
)

// Rule says how the exponent of a tensor follows from its values.
type Rule string

const (
	// RuleMax is the paper's rule, l = ceil(log2(max|w|)) - (bits-1): the largest code stands one step below the smallest power of
	// two that holds the largest magnitude. Magnitudes in that last step are clipped.
	RuleMax Rule = "max"
	// RuleMSE takes, among that exponent and the mseCandidates-1 below it, the one with the least squared error; the
	// larger one where two are equal. It clips a few large values to round all others more finely.
	RuleMSE Rule = "mse"
)

// mseCandidates is how many exponents RuleMSE compares: below 2^-3 of the maximum, clipping dominates for every
// distribution of weights that we met.
const mseCandidates = 4

// ParseRule returns the rule of that name.
func ParseRule(name string) (Rule, error) {
	switch r := Rule(name); r {
	case RuleMax, RuleMSE:
		return r, nil
	}
	return "", errors.Errorf("quant: no exponent rule %q; want %q or %q", name, RuleMax, RuleMSE)
}

// ExponentForRange returns the smallest exponent whose codes, with one step beyond the largest, cover magnitudes up to limit:
// ceil(log2(limit)) - (bits-1) where signed, - bits where not, found without a logarithm.
//
// A range of zero says nothing and gives the exponent of range 1. Exponents are held within MinExponent..MaxExponent.
// It returns an error if bits is out of range, or if limit is negative or not finite.
func ExponentForRange(limit float64, bits int, signed bool) (int, error) {
	if err := checkBits(bits); err != nil {
		return 0, err
	}
	if limit < 0 || math.IsNaN(limit) || math.IsInf(limit, 0) {
		return 0, errors.Errorf("quant: no exponent for the range %v; want a finite number >= 0", limit)
	}
	return clampExponent(ceilLog2(limit) - magnitudeBits(bits, signed)), nil
}

// ceilLog2 is ceil(log2(x)), 0 for x = 0.
func ceilLog2(x float64) int {
	if x == 0 {
		return 0
	}
	fraction, exponent := math.Frexp(x) // x = fraction * 2^exponent, fraction in [1/2, 1)
	if fraction == 0.5 {
		return exponent - 1
	}
	return exponent
}

func clampExponent(l int) int { return min(max(l, MinExponent), MaxExponent) }

// ExponentForWeights is what WeightExponent gives, without a graph: the exponent of signed values by a rule. It returns an error as ExponentForRange does.
func ExponentForWeights(values []float32, bits int, rule Rule) (int, error) {
	limit := 0.
	for _, v := range values {
		limit = max(limit, math.Abs(float64(v)))
	}
	top, err := ExponentForRange(limit, bits, Signed)
	if err != nil || rule != RuleMSE {
		return top, err
	}
	errorAt := func(l int) float64 { return SquaredError(values, Format{Bits: bits, Signed: Signed, Exponent: l}) }
	best, least := top, errorAt(top)
	for l := top - 1; l > top-mseCandidates && l >= MinExponent; l-- {
		if e := errorAt(l); e < least {
			best, least = l, e
		}
	}
	return best, nil
}

// WeightFormats are the formats of a layer's weights as a file has them, output channels first: one, or one for each channel, by the scheme's rule and
// granularity. It returns an error as ExponentForRange does.
func WeightFormats(values []float32, channels, bits int, scheme Scheme) (formats []Format, err error) {
	if scheme.Granularity != PerChannel {
		channels = 1
	}
	for part := range slices.Chunk(values, max(len(values)/max(channels, 1), 1)) {
		l, err := ExponentForWeights(part, bits, scheme.WeightRule)
		if err != nil {
			return nil, err
		}
		formats = append(formats, Format{Bits: bits, Signed: Signed, Exponent: l})
	}
	return formats, nil
}

// SquaredError is the sum of (x - FakeQuantize(x))^2 over the values, in float64.
func SquaredError(values []float32, f Format) float64 {
	var sum float64
	for _, x := range values {
		d := float64(x) - float64(f.FakeQuantize(x))
		sum += d * d
	}
	return sum
}
