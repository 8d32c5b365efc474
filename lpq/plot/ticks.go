package plot

import (
	"math"
	"strconv"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"

	"github.com/lowprec/lpnets/internal/number"
)

// ticks labels an axis at multiples of 1, 2 or 5 times a power of ten, about six of them.
type ticks struct {
	whole bool // Only whole numbers (epochs, steps).
}

// Ticks implements gonum's Ticker.
func (t ticks) Ticks(low, high float64) []gplot.Tick {
	const wanted = 6
	step := niceStep(0.75 * (high - low) / wanted) // Three to eight labels.
	if t.whole {
		step = max(1, step)
	}
	// padded keeps the span above 1e-9 of the values: these quotients are below 1e11, exact in float64.
	first, last := math.Ceil(low/step-1e-9), math.Floor(high/step+1e-9)
	var marks []gplot.Tick
	for k := first; k <= last; k++ {
		marks = append(marks, gplot.Tick{Value: k * step, Label: formatTick(k*step, step)})
	}
	return marks
}

// logTicks labels an axis of decimal logarithms at 1, 2 and 5 times powers of ten, or at powers alone, every second or more, where those would be many;
// where they would be fewer than two, at the values that a linear axis has.
type logTicks struct{ linear ticks }

// Ticks implements gonum's Ticker.
func (t logTicks) Ticks(low, high float64) []gplot.Tick {
	const fewDecades, wanted = 2.5, 7 // at most eight or nine labels
	factors, decades := []float64{1, 2, 5}, high-low
	if decades > fewDecades {
		factors = factors[:1]
	}
	stride := max(1, math.Ceil(decades/wanted))
	var marks []gplot.Tick
	for power := stride * math.Floor(low/stride); power <= high; power += stride {
		for _, factor := range factors {
			if at := power + math.Log10(factor); at >= low && at <= high {
				marks = append(marks, gplot.Tick{Value: at, Label: number.Short(factor * math.Pow(10, power))})
			}
		}
	}
	if len(marks) >= 2 {
		return marks
	}
	marks = t.linear.Ticks(math.Pow(10, low), math.Pow(10, high))
	for i := range marks {
		marks[i].Value = math.Log10(marks[i].Value)
	}
	return marks
}

// niceStep returns the smallest of 1, 2, 5 and 10 times a power of ten that is at least x > 0.
func niceStep(x float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, factor := range []float64{1, 2, 5} {
		if factor*power >= x {
			return factor * power
		}
	}
	return 10 * power
}

// formatTick writes a multiple of step with as many decimals as step has, or in scientific notation where that
// would be long.
func formatTick(v, step float64) string {
	if math.Abs(v) < step/2 {
		return "0"
	}
	decimals := int(max(0, -math.Floor(math.Log10(step)+1e-9)))
	if math.Abs(v) >= 1e6 || decimals > 6 {
		digits := int(math.Floor(math.Log10(math.Abs(v))+1e-9) - math.Floor(math.Log10(step)+1e-9))
		return strconv.FormatFloat(v, 'e', max(0, digits), 64)
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// nameTicks labels the positions 0, 1, 2, ... of an axis with names, and leaves out as many as must be for the
// labels not to touch. The first and the last name always stand.
type nameTicks struct {
	names  []string
	stride int
	gap    string // After each name: a space keeps a name that is written upwards away from its tick.
}

// Ticks implements gonum's Ticker.
func (t nameTicks) Ticks(float64, float64) []gplot.Tick {
	marks := make([]gplot.Tick, len(t.names)) // No label: a minor tick.
	last := len(t.names) - 1
	for i := range marks {
		marks[i].Value = float64(i)
		if i == last || i%t.stride == 0 && last-i >= t.stride {
			marks[i].Label = t.names[i] + t.gap
		}
	}
	return marks
}

// strideFor returns how many names share one label: every label needs room, and there is width for them all.
func strideFor(numNames int, width, room vg.Length) int {
	return max(1, int(math.Ceil(float64(vg.Length(numNames)*room/width))))
}
