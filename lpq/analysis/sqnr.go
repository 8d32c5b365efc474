package analysis

import (
	"math"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/quant"
)

// SQNR is the ratio of signal to quantization noise of values in a format, 10*log10(sum(x^2)/sum((x-x̂)^2)), in dB. It is +Inf where every
// value is on the format's grid, and NaN if a value is.
func SQNR(values []float32, f quant.Format) float64 {
	return Decibels(energy(values), quant.SquaredError(values, f))
}

func energy(values []float32) (sum float64) {
	for _, x := range values {
		sum += float64(x) * float64(x)
	}
	return sum
}

// Decibels is the ratio of two energies in dB, +Inf where there is no noise, not even of zeros.
func Decibels(signal, noise float64) float64 {
	if noise == 0 {
		return math.Inf(1)
	}
	return 10 * math.Log10(signal/noise)
}

// LayerSQNR is how exactly one layer's weights are quantized.
type LayerSQNR struct {
	Name string  `json:"name"` // of the weight tensor
	Bits int     `json:"bits"`
	SQNR float64 `json:"sqnr_db"` // dB; +Inf where quantization changes nothing, which JSON cannot say
}

// WeightSQNR is the ratio of signal to quantization noise of the weights of every layer that the model's scheme quantizes, with the
// exponents of the scheme's rule and granularity, in the order of the layers.
//
// It returns an error if the scheme quantizes no weights.
func WeightSQNR(m *models.Model) ([]LayerSQNR, error) {
	exponents, err := m.WeightExponents()
	if err != nil {
		return nil, err
	}
	var layers []LayerSQNR
	for _, site := range m.Weights() {
		bits := m.Scheme().Weights(site.Edge)
		if bits == quant.Float {
			continue
		}
		value, err := m.Store.GetVariable(site.Path).Value()
		if err != nil {
			return nil, errors.WithMessagef(err, "reading %s", site.Name)
		}
		values, err := tensors.CopyFlatData[float32](value)
		if err != nil {
			return nil, errors.WithMessagef(err, "reading %s", site.Name)
		}
		layers = append(layers, LayerSQNR{site.Name, bits, weightSQNR(values, bits, exponents[site.Name])})
	}
	if len(layers) == 0 {
		return nil, errors.Errorf("the weights of network %s are not quantized in %s: set another scheme", m.Network.Name, m.Scheme())
	}
	return layers, nil
}

// weightSQNR is the ratio of weights [..., out], flat, with one exponent, or one for each output channel.
func weightSQNR(values []float32, bits int, exponents []int) float64 {
	var noise float64
	for i, x := range values {
		f := quant.Format{Bits: bits, Signed: quant.Signed, Exponent: exponents[i%len(exponents)]}
		d := float64(x) - float64(f.FakeQuantize(x))
		noise += d * d
	}
	return Decibels(energy(values), noise)
}
