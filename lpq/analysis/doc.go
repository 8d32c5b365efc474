// Package analysis answers why a low-precision network works: how similar its weights are to those it came from, what noise
// quantization adds to weights and gradients, and how sure an accuracy, or a difference of two, is.
//
//	layers, err := analysis.Similarity(before, after)         // of two weight files
//	analysis.MeanCosine(layers)
//	distance, err := analysis.SquaredDistance(before, after)
//	layers, err = analysis.ActivationSimilarity(ctx, m, images) // of a model in its precision and in float
//	sqnr, err := analysis.WeightSQNR(m)                       // of a model's layers, dB
//	noises, err := analysis.GradientNoise(ctx, m, train, schemes, analysis.GradientOptions{})
//	noises[1].Total.Cosine                                    // of schemes[0] with float, over 1, 2, 4, ... batches
//
//	lo, hi := analysis.Wilson(8103, 10000)                    // a 95 % confidence interval of one accuracy
//	interval, err := analysis.MeanInterval([]float64{91.2, 91.5, 91.9}) // of the mean over seeds
//	pairs, err := analysis.McNemar(low.Predictions, float.Predictions, labels)
//	pairs.Verdict("w4a4", "fp32")                             // "no significant difference: ..."
//
// Figures are drawn by package plot.
package analysis
