// Package quant is the arithmetic of power-of-two quantization: formats, codes, values, exponents, and their form in a graph.
//
// A quantized tensor is integer codes and one exponent (per tensor, or per output channel): value = code * 2^exponent.
// Rounding is to nearest, ties to even. A step that is not a power of two cannot be written down here.
//
//	f, err := quant.NewFormat(4, quant.Signed, -3)  // codes -7..7, steps of 1/8
//	f.Quantize(0.3)                                 // 2
//	f.Dequantize(2)                                 // 0.25
//
// In a graph:
//
//	l := quant.WeightExponent(w, 4, quant.RuleMax, quant.PerTensor) // follows w at every step
//	w = quant.FakeQuantizeWeight(w, 4, l)
//	x = quant.FakeQuantize(x, 4, quant.Unsigned, exponent)      // exponent fixed at calibration
//
// Which tensor of a network gets how many bits is a [Scheme]. What is not here: finding the ranges of activations
// (package calib), layers (package nn), and integer execution.
//
// The method is that of McKinstry et al., Discovering Low-Precision Networks Close to Full-Precision Networks for
// Efficient Embedded Inference, arXiv:1809.04191 ("FAQ").
package quant
