package calib

import (
	"fmt"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/quant"
)

// Method says how a range follows from the observed magnitudes.
type Method string

const (
	// Maximum covers every value observed, but for those in the last step below a power of two (quant.ExponentForRange).
	Maximum Method = "max"
	// Percentile covers that share of the values and clips the rest. It is the paper's method.
	Percentile Method = "percentile"
	// MSE takes the exponent with the least squared error of rounding and clipping together.
	MSE Method = "mse"
)

// DefaultPercentile is the share of activations, in percent, that a range covers.
const DefaultPercentile = 99.99

// Choice is a method with its parameter. The zero value is the default: Percentile at DefaultPercentile.
type Choice struct {
	Method     Method  `json:"method,omitempty"`
	Percentile float64 `json:"percentile,omitempty"` // percent, for Method Percentile; 0 means DefaultPercentile
}

// Validate returns an error that says what is wrong with the choice.
func (c Choice) Validate() error {
	switch c.Method {
	case "", Maximum, Percentile, MSE:
	default:
		return errors.Errorf("calib: no method %q; want %q, %q or %q", c.Method, Maximum, Percentile, MSE)
	}
	if !(c.Percentile >= 0 && c.Percentile <= 100) {
		return errors.Errorf("calib: percentile %v; want a number above 0, at most 100", c.Percentile)
	}
	return nil
}

// WithDefaults fills in what the zero value stands for.
func (c Choice) WithDefaults() Choice {
	if c.Method == "" {
		c.Method = Percentile
	}
	if c.Percentile == 0 {
		c.Percentile = DefaultPercentile
	}
	return c
}

// String is the choice in words: "max", "mse", or "percentile 99.99".
func (c Choice) String() string {
	if c = c.WithDefaults(); c.Method == Percentile {
		return fmt.Sprintf("%s %g", c.Method, c.Percentile)
	}
	return string(c.Method)
}

// mseCandidates is how many exponents MSE compares below the one that covers the maximum. Activations have long tails: the best
// range of 4 bits may be a sixteenth of the maximum.
const mseCandidates = 7

// Exponent chooses the exponent for codes of that width and kind.
//
// It returns an error if nothing was observed, if values were NaN or infinite, or if bits or c is not valid.
func (c Choice) Exponent(h *Histogram, bits int, signed bool) (int, error) {
	if err := c.Validate(); err != nil {
		return 0, err
	}
	if h.Broken() > 0 {
		return 0, errors.Errorf("calib: %d values are NaN or infinite: the network, or its input, is broken", h.Broken())
	}
	if h.Count() == 0 {
		return 0, errors.New("calib: no values were observed")
	}
	c = c.WithDefaults()
	limit := h.Max()
	if c.Method == Percentile {
		limit = h.Percentile(c.Percentile)
	}
	l, err := quant.ExponentForRange(limit, bits, signed)
	if err != nil || c.Method != MSE {
		return l, err
	}
	return leastSquares(h, bits, signed, l), nil
}

// leastSquares is the exponent of least squared error among top, those below it, and the one above: the highest code of top lies
// one step short of the range that top stands for.
func leastSquares(h *Histogram, bits int, signed bool, top int) int {
	errorAt := func(l int) float64 {
		return h.squaredError(quant.Format{Bits: bits, Signed: signed, Exponent: l}.FakeQuantize)
	}
	best, bestError := top, errorAt(top)
	for l := min(top+1, quant.MaxExponent); l >= max(top-mseCandidates, quant.MinExponent); l-- {
		if e := errorAt(l); e < bestError {
			best, bestError = l, e
		}
	}
	return best
}
