package plot

import (
	"math"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// maxMarkedPoints is the longest curve whose points are marked one by one.
const maxMarkedPoints = 40

// Lines draws curves over a common horizontal axis: losses and accuracies of training runs over steps or epochs.
//
//	xLabel, yLabel   what the axes hold, with the unit ("epoch", "top-1, %")
//	series           the runs, each with its own X and of its own length
//
// Low and High of a series show as a shaded band. It fails if a series is empty or holds a value that is not finite.
func Lines(title, xLabel, yLabel string, series ...Series) *Figure {
	err := checkAll(series, -1)
	f := newFigure("Lines", title, err)
	if err != nil {
		return f
	}
	curves := make([]curve, len(series))
	for i, s := range series {
		curves[i] = curve{series: s, band: faded(colorOf(i), 0x30), line: lineOf(i, vg.Points(1.2))}
		if len(s.Y) <= maxMarkedPoints {
			curves[i].glyph = glyphOf(i, vg.Points(2.6))
		}
	}
	f.legend = legendOf(series, func(i int) legendEntry { return legendEntry{line: curves[i].line, glyph: curves[i].glyph} })
	f.build = func(vg.Length) *gplot.Plot {
		p := newPlot(xLabel, yLabel)
		low, high, whole := spanX(series)
		p.X.Min, p.X.Max = padded(low, high, 0.02)
		p.X.Tick.Marker = ticks{whole: whole}
		low, high = span(series)
		p.Y.Min, p.Y.Max = padded(low, high, 0.05)
		for _, v := range curves {
			p.Add(v)
		}
		return p
	}
	return f
}

// spanX returns the smallest and the largest X of all series, and whether they all are whole numbers.
func spanX(series []Series) (low, high float64, whole bool) {
	low, high, whole = math.Inf(1), math.Inf(-1), true
	for _, s := range series {
		for i := range s.Y {
			x := s.x(i)
			low, high = min(low, x), max(high, x)
			whole = whole && x == math.Trunc(x)
		}
	}
	return low, high, whole
}
