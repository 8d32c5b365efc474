package quant

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"

	"github.com/pkg/errors"
)

// Float stands for "not quantized" where a Scheme holds a bit-width.
const Float = 0

// floatBits is how Float is written in a scheme's name: w32a32.
const floatBits = 32

// edgeBits is the least bit-width of the first and last layers ("FAQ", section 3: 8 bits).
const edgeBits = 8

// Scheme says which tensors of a network get how many bits. The zero value is the unquantized network.
type Scheme struct {
	// WeightBits and ActivationBits of hidden layers: 2..8, or Float.
	WeightBits     int `json:"weight_bits,omitempty"`
	ActivationBits int `json:"activation_bits,omitempty"`
	// EdgeBits is the bit-width at the network's two ends: weights of the first and the last layer, the input image
	// and the input of the last layer. The last layer's outputs stay wide.
	EdgeBits int `json:"edge_bits,omitempty"`
	// WeightRule finds the weights' exponents anew at every step. Empty means RuleMax.
	WeightRule Rule `json:"weight_rule,omitempty"`
	// Granularity of the weights' exponents. Empty means PerTensor.
	Granularity Granularity `json:"granularity,omitempty"`
}

// Granularity says what shares one exponent.
type Granularity string

const (
	// PerTensor: one exponent for the whole tensor; shape [].
	PerTensor Granularity = "tensor"
	// PerChannel: one exponent for each output channel, the last axis; a kernel [kh, kw, in, out] has shape [1, 1, 1, out].
	PerChannel Granularity = "channel"
)

var schemePattern = regexp.MustCompile(`^w(\d{1,2})a(\d{1,2})$`)

// ParseScheme reads "w4a4", "w8a8", "w4a32" ... (weight bits, activation bits; 32 is float) or "fp32".
// Bits below 8 leave the network's two ends at 8, as in the paper.
func ParseScheme(name string) (Scheme, error) {
	if name == "fp32" {
		return Scheme{}, nil
	}
	match := schemePattern.FindStringSubmatch(name)
	if match == nil {
		return Scheme{}, errors.Errorf("no precision %q: write fp32, or weight and activation bits as in w4a4", name)
	}
	s := Scheme{EdgeBits: edgeBits}
	for i, bits := range []*int{&s.WeightBits, &s.ActivationBits} {
		n, err := strconv.Atoi(match[i+1])
		if err != nil {
			return Scheme{}, errors.Wrapf(err, "precision %q", name)
		}
		if n == floatBits {
			n = Float
		} else if checkBits(n) != nil {
			return Scheme{}, errors.Errorf("no precision %q: %d bits; want %d to %d, or %d for float", name, n, MinBits, MaxBits, floatBits)
		}
		*bits = n
	}
	if !s.Quantized() {
		return Scheme{}, nil
	}
	return s, nil
}

// Quantized reports whether anything is quantized.
func (s Scheme) Quantized() bool { return s.WeightBits != Float || s.ActivationBits != Float }

// String is the name that ParseScheme reads; rule and granularity are not part of it.
func (s Scheme) String() string {
	if !s.Quantized() {
		return "fp32"
	}
	wide := func(bits int) int {
		if bits == Float {
			return floatBits
		}
		return bits
	}
	return fmt.Sprintf("w%da%d", wide(s.WeightBits), wide(s.ActivationBits))
}

// Validate returns an error that names the field that is out of range.
func (s Scheme) Validate() error {
	for _, field := range []struct {
		name string
		bits int
	}{{"WeightBits", s.WeightBits}, {"ActivationBits", s.ActivationBits}, {"EdgeBits", s.EdgeBits}} {
		if field.bits != Float && checkBits(field.bits) != nil {
			return errors.Errorf("quant: scheme with %s %d; want %d to %d, or %d for float", field.name, field.bits, MinBits, MaxBits, Float)
		}
	}
	if s.WeightRule != "" {
		if _, err := ParseRule(string(s.WeightRule)); err != nil {
			return err
		}
	}
	switch s.Granularity {
	case "", PerTensor, PerChannel:
		return nil
	}
	return errors.Errorf("quant: no granularity %q; want %q or %q", s.Granularity, PerTensor, PerChannel)
}

// Equal reports whether the schemes quantize alike: an empty rule is RuleMax, and an empty granularity PerTensor.
func (s Scheme) Equal(other Scheme) bool { return s.filled() == other.filled() }

func (s Scheme) filled() Scheme {
	s.WeightRule, s.Granularity = cmp.Or(s.WeightRule, RuleMax), cmp.Or(s.Granularity, PerTensor)
	return s
}

// Weights is the bit-width of a layer's weights; edge says whether the layer is the network's first or last.
func (s Scheme) Weights(edge bool) int { return s.bits(s.WeightBits, edge) }

// Activations is the bit-width of an activation; edge says whether it is the input image or the last layer's input.
func (s Scheme) Activations(edge bool) int { return s.bits(s.ActivationBits, edge) }

func (s Scheme) bits(bits int, edge bool) int {
	if edge && bits != Float {
		return s.EdgeBits
	}
	return bits
}
