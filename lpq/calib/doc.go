// Package calib finds the ranges of activations: what a network computes on a few training batches is counted in a streaming
// histogram, and a [Method] chooses from it the exponent with which the activation is quantized from then on.
//
//	var h calib.Histogram
//	for _, batch := range batches {
//		h.Observe(batch) // memory does not grow with the number of batches
//	}
//	l, err := calib.Choice{Method: calib.Percentile, Percentile: 99.99}.Exponent(&h, 4, quant.Unsigned)
//
// What is not here: running a network over data (package models does), and the weights' exponents, which follow the weights at
// every step (package quant).
package calib
