package plot

import (
	"math"

	"github.com/pkg/errors"
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
	return lines("Lines", linear, title, xLabel, yLabel, series)
}

// LogLines is Lines with a logarithmic horizontal axis: learning rates, for instance. It fails if a series holds an X that is not positive.
func LogLines(title, xLabel, yLabel string, series ...Series) *Figure {
	return lines("LogLines", logarithmic, title, xLabel, yLabel, series)
}

// horizontal sets a horizontal axis for values from low to high, or returns why it cannot hold them.
type horizontal func(axis *gplot.Axis, low, high float64, whole bool) error

func linear(axis *gplot.Axis, low, high float64, whole bool) error {
	axis.Min, axis.Max = padded(low, high, 0.02)
	axis.Tick.Marker = ticks{whole: whole}
	return nil
}

func logarithmic(axis *gplot.Axis, low, high float64, _ bool) error {
	const least, most = 1e-290, 1e290 // beyond them the ends of the axis might be no float64
	if low < least || high > most {
		return errors.Errorf("x from %g to %g on a logarithmic axis, want positive values, none below %g or above %g", low, high, least, most)
	}
	logLow, logHigh := padded(math.Log10(low), math.Log10(high), 0.02)
	axis.Min, axis.Max = math.Pow(10, logLow), math.Pow(10, logHigh)
	axis.Scale, axis.Tick.Marker = gplot.LogScale{}, logTicks{}
	return nil
}

func lines(function string, horizontal horizontal, title, xLabel, yLabel string, series []Series) *Figure {
	err := checkAll(series, -1)
	if err == nil {
		low, high, whole := spanX(series)
		err = horizontal(&gplot.Axis{}, low, high, whole)
	}
	f := newFigure(function, title, err)
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
		_ = horizontal(&p.X, low, high, whole) // it was asked before
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
