// Package analysis answers why a low-precision network works: how similar its weights are to those it came from, and how sure an
// accuracy is.
//
//	layers, err := analysis.Similarity(before, after) // of two weight files
//	analysis.MeanCosine(layers)
//	lo, hi := analysis.Wilson(8103, 10000)             // a 95 % confidence interval
//
// Figures are drawn by package plot.
package analysis
