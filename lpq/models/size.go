package models

import (
	"slices"
	"strings"

	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/lpq/quant"
)

// Bytes of what is stored beside quantized weights.
const (
	floatBytes    = 4
	exponentBytes = 1 // quant.MinExponent..quant.MaxExponent
)

// SizeBytes is what the model takes in its precision, without what only training needs: every weight tensor packed at its bit-width, everything
// else (biases, batch normalization) as float32, and a byte for each exponent, of weights and of activations.
func (m *Model) SizeBytes() int {
	bits := map[string]int{} // of the quantized weights, by path
	for _, site := range m.weights {
		if b := m.scheme.Weights(site.Edge); b != quant.Float {
			bits[site.Path] = b
		}
	}
	total := 0
	for _, v := range m.variables() {
		if m.isAuxiliary(v.Path()) {
			continue
		}
		n := v.Shape().Size()
		b, quantized := bits[v.Path()]
		if !quantized {
			total += n * floatBytes
			continue
		}
		total += (n*b + 7) / 8
		if m.scheme.Granularity == quant.PerChannel {
			total += v.Shape().Dim(-1) * exponentBytes
		} else {
			total += exponentBytes
		}
	}
	for _, site := range m.activations {
		if m.scheme.Activations(site.Edge) != quant.Float {
			total += exponentBytes
		}
	}
	return total
}

// isAuxiliary reports whether only training needs the variable of that path.
func (m *Model) isAuxiliary(path string) bool {
	return slices.ContainsFunc(m.auxiliary, func(scope string) bool { return strings.HasPrefix(path, scope+model.ScopeSeparator) })
}

// NumParameters is how many numbers training changes: weights, biases and batch normalization's two, as PyTorch counts them. Auxiliary classifiers
// are included, running statistics not.
func (m *Model) NumParameters() (n int) {
	for _, v := range m.variables() {
		if v.Trainable {
			n += v.Shape().Size()
		}
	}
	return n
}

// MultiplyAdds is how many multiplications, each with an addition, the convolutions and dense layers take for one image.
func (m *Model) MultiplyAdds() (n int) {
	for _, site := range m.weights {
		n += site.MultiplyAdds
	}
	return n
}
