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
	return lines("Lines", linear, linear, title, xLabel, yLabel, series)
}

// LogLines is Lines with a logarithmic horizontal axis: learning rates, for instance. It fails if a series holds an X that is not positive.
func LogLines(title, xLabel, yLabel string, series ...Series) *Figure {
	return lines("LogLines", logarithmic, linear, title, xLabel, yLabel, series)
}

// LogLogLines is Lines with two logarithmic axes: where powers are compared, as steps with a bound. It fails if a series holds an X or Y that is not positive.
func LogLogLines(title, xLabel, yLabel string, series ...Series) *Figure {
	return lines("LogLogLines", logarithmic, logarithmic, title, xLabel, yLabel, series)
}

// scale is where values stand on an axis, and what marks it. The axis itself is linear, for gonum makes room on a logarithmic one as if it were.
type scale struct {
	at       func(v float64) float64
	ticks    func(whole bool) gplot.Ticker // whole: all values are whole numbers
	positive bool                          // has no place for other values
}

var (
	linear      = scale{at: func(v float64) float64 { return v }, ticks: func(whole bool) gplot.Ticker { return ticks{whole: whole} }}
	logarithmic = scale{at: math.Log10, ticks: func(whole bool) gplot.Ticker { return logTicks{ticks{whole: whole}} }, positive: true}
)

// check returns an error where values from low on have no place on the axis.
func (s scale) check(axis string, low float64) error {
	if s.positive && low <= 0 {
		return errors.Errorf("%s from %g on a logarithmic axis, want positive values", axis, low)
	}
	return nil
}

func lines(function string, xScale, yScale scale, title, xLabel, yLabel string, series []Series) *Figure {
	err := checkAll(series, -1)
	if err == nil {
		low, _, _ := spanX(series)
		err = xScale.check("x", low)
	}
	if err == nil {
		low, _ := span(series)
		err = yScale.check("y", low)
	}
	f := newFigure(function, title, err)
	if err != nil {
		return f
	}
	curves, placed := make([]curve, len(series)), make([]Series, len(series))
	for i, s := range series {
		placed[i] = s.at(xScale.at, yScale.at)
		curves[i] = curve{series: placed[i], band: faded(colorOf(i), 0x30), line: lineOf(i, vg.Points(1.2))}
		if len(s.Y) <= maxMarkedPoints {
			curves[i].glyph = glyphOf(i, vg.Points(3.4))
		}
	}
	f.legend = legendOf(series, func(i int) legendEntry { return legendEntry{line: curves[i].line, glyph: curves[i].glyph} })
	f.makeRoom(nil)
	_, _, whole := spanX(series)
	f.build = func(vg.Length) *gplot.Plot {
		p := newPlot(xLabel, yLabel)
		low, high, _ := spanX(placed)
		p.X.Min, p.X.Max = padded(low, high, 0.02)
		p.X.Tick.Marker = xScale.ticks(whole)
		low, high = span(placed)
		p.Y.Min, p.Y.Max = padded(low, high, 0.05)
		p.Y.Tick.Marker = yScale.ticks(false)
		for _, v := range curves {
			p.Add(v)
		}
		return p
	}
	return f
}

// at returns the series with its coordinates as they stand on axes.
func (s Series) at(x, y func(float64) float64) Series {
	placed := Series{Name: s.Name, X: make([]float64, len(s.Y)), Y: make([]float64, len(s.Y))}
	for i := range s.Y {
		placed.X[i], placed.Y[i] = x(s.x(i)), y(s.Y[i])
		if s.Low != nil {
			low, high := s.interval(i)
			placed.Low, placed.High = append(placed.Low, y(low)), append(placed.High, y(high))
		}
	}
	return placed
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
