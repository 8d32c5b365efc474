package plot

import (
	"math"

	"github.com/pkg/errors"
)

// maxMagnitude bounds what can be drawn: beyond it the arithmetic of an axis overflows.
const maxMagnitude = 1e300

// Series is one network, run or method in a figure.
type Series struct {
	// Name stands in the legend. A figure whose series have no names has no legend.
	Name string

	// X holds the positions along the horizontal axis of [Lines]; nil means 0, 1, 2, ... [Similarity] and [Bars] take
	// the position from the layer or group instead.
	X []float64

	// Y holds the values, in the unit of the vertical axis.
	Y []float64

	// Low and High are the ends of a confidence interval around each Y (they need not be symmetric), in the same unit:
	// whiskers in [Bars], a shaded band in [Lines], unused in [Similarity]. Both nil: none.
	Low, High []float64
}

// check returns an error that names the series unless it holds numPoints (any number above 0 if numPoints < 0)
// finite points.
func (s Series) check(numPoints int) error {
	if numPoints < 0 {
		numPoints = len(s.Y)
	}
	if len(s.Y) == 0 {
		return errors.Errorf("series %q is empty", s.Name)
	}
	if len(s.Y) != numPoints {
		return errors.Errorf("series %q has %d values, want %d, one for each label", s.Name, len(s.Y), numPoints)
	}
	if s.X != nil && len(s.X) != len(s.Y) {
		return errors.Errorf("series %q has %d X for %d Y", s.Name, len(s.X), len(s.Y))
	}
	for _, part := range []struct {
		name   string
		values []float64
	}{{"X", s.X}, {"Y", s.Y}, {"Low", s.Low}, {"High", s.High}} {
		if i, bad := firstBad(part.values); bad {
			return errors.Errorf("series %q: %s[%d] is %g, which cannot be drawn", s.Name, part.name, i, part.values[i])
		}
	}
	return s.checkInterval()
}

// checkInterval returns an error unless Low <= Y <= High everywhere, or there is no interval.
func (s Series) checkInterval() error {
	if s.Low == nil && s.High == nil {
		return nil
	}
	if len(s.Low) != len(s.Y) || len(s.High) != len(s.Y) {
		return errors.Errorf("series %q has %d Low and %d High for %d Y", s.Name, len(s.Low), len(s.High), len(s.Y))
	}
	for i, y := range s.Y {
		if s.Low[i] > y || s.High[i] < y {
			return errors.Errorf("series %q: the interval [%g, %g] does not hold its value Y[%d] = %g", s.Name, s.Low[i], s.High[i], i, y)
		}
	}
	return nil
}

// firstBad returns the index of the first value that is NaN, infinite or too large to draw.
func firstBad(values []float64) (int, bool) {
	for i, v := range values {
		if math.IsNaN(v) || math.Abs(v) > maxMagnitude {
			return i, true
		}
	}
	return 0, false
}

// checkAll checks every series of a figure.
func checkAll(series []Series, numPoints int) error {
	if len(series) == 0 {
		return errors.New("there is no series to draw")
	}
	for _, s := range series {
		if err := s.check(numPoints); err != nil {
			return err
		}
	}
	return nil
}

// x returns the position of point i.
func (s Series) x(i int) float64 {
	if s.X == nil {
		return float64(i)
	}
	return s.X[i]
}

// interval returns the ends of the confidence interval of point i, both Y[i] if there is none.
func (s Series) interval(i int) (low, high float64) {
	if s.Low == nil {
		return s.Y[i], s.Y[i]
	}
	return s.Low[i], s.High[i]
}

// span returns the smallest and the largest value of all series, confidence intervals included.
func span(series []Series) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, s := range series {
		for i := range s.Y {
			l, h := s.interval(i)
			low, high = min(low, l), max(high, h)
		}
	}
	return low, high
}
