// Package plot draws the figures of the toolkit: weight similarity per layer, grouped bars with confidence
// intervals, training curves, and a tensor's histogram over its quantization grid.
//
// A [Figure] is a value: it is made once, and written as PNG or SVG as often as wanted. Mistakes in the data (a NaN,
// series of different lengths) are kept in the figure and come back as an error from every method that draws, so
// that a figure can be made and saved in one line:
//
//	fig := plot.Similarity("ResNet-20 against its fp32 weights", layers,
//		plot.Series{Name: "W8A8", Y: cosine8},
//		plot.Series{Name: "W4A4", Y: cosine4})
//	if err := fig.Save("similarity.png"); err != nil {
//		return err
//	}
//
// Figures are 7 x 4 inches unless resized, PNGs at twice the screen's resolution. Colours are the Okabe-Ito palette,
// told apart by readers with any form of colour blindness; markers differ as well. The same data give the same bytes.
//
// What is not here: interaction, and displaying in a notebook (package notebook).
package plot
