// Package gradientnoise is the paper's claim that gradient noise due to quantization grows as precision falls: the cosine of quantized against
// fp32 gradients per layer and bit-width, against the number of averaged batches, and the variance of both. See analysis.GradientNoise
// for what is measured.
//
//	plan, err := gradientnoise.Experiment.Open(experiments.Options{Preset: "demo"})
package gradientnoise
