package models

import "github.com/lowprec/lpnets/lpq/quant"

// SizeBytes is the memory that the network's parameters take in the model's precision: layers' weights packed at their bits, everything else
// (biases, batch normalization) as 32-bit numbers, and one byte for each exponent.
func (m *Model) SizeBytes() int {
	const wordBits, exponentBits = 32, 8
	edge := make(map[string]bool, len(m.weights))
	for _, site := range m.weights {
		edge[site.Path] = site.Edge
	}
	total := 0 // bits
	for _, v := range m.variables() {
		bits := wordBits
		if isEdge, isWeight := edge[v.Path()]; isWeight && m.scheme.WeightBits != quant.Float {
			bits = m.scheme.Weights(isEdge)
			total += exponentBits
		}
		total += bits * v.Shape().Size()
	}
	if m.scheme.ActivationBits != quant.Float {
		total += exponentBits * len(m.activations)
	}
	return (total + 7) / 8
}
