package plot

import (
	"fmt"
	"math"
	"slices"

	"github.com/pkg/errors"
	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const (
	defaultBins = 101
	maxBins     = 400
	// gridLineRoom is the distance below which grid lines are drawn as short marks, not to cover the data.
	gridLineRoom = vg.Length(5)
)

// Histogram draws how a tensor's values are spread, over the grid that they are quantized to.
//
//	xLabel   what the values are, with the unit ("weight")
//	values   the tensor, flat, in any order
//	grid     the representable values in the values' unit (code * step), in any order; nil: no grid
//
// Grid values are vertical lines, or short marks on the axis where they lie close. The sides on which values lie outside the
// grid, which quantization clips, are tinted and their share is told. On an evenly spaced grid, bins are whole fractions of a step,
// so that no pattern appears that is not in the data. It fails if values is empty or any value is not finite.
func Histogram(title, xLabel string, values []float32, grid []float64) *Figure {
	h, err := newHistogram(values, grid)
	f := newFigure("Histogram", title, err)
	if err != nil {
		return f
	}
	f.legend = h.legend()
	f.build = func(width vg.Length) *gplot.Plot {
		p := newPlot(xLabel, "share of values per bin, %")
		p.X.Min, p.X.Max = h.low, h.low+h.width*float64(len(h.shares))
		p.Y.Min, p.Y.Max = 0, 1.05*slices.Max(h.shares)
		p.Add(h)
		return p
	}
	return f
}

// histogram is a tensor's histogram and the grid below it.
type histogram struct {
	low, width float64   // Left edge of the first bin and width of each.
	shares     []float64 // Per bin, in percent.
	grid       []float64 // Ascending.
	numValues  int
	numBelow   int // The grid, of values.
	numAbove   int
}

func newHistogram(values []float32, grid []float64) (*histogram, error) {
	if len(values) == 0 {
		return nil, errors.New("there are no values")
	}
	if i, bad := firstBad(grid); bad {
		return nil, errors.Errorf("grid[%d] is %g, which cannot be drawn", i, grid[i])
	}
	h := &histogram{grid: slices.Clone(grid), numValues: len(values)}
	slices.Sort(h.grid)
	low, high := math.Inf(1), math.Inf(-1)
	for i, v := range values {
		x := float64(v)
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, errors.Errorf("value %d of %d is %g, which cannot be drawn", i, len(values), v)
		}
		low, high = min(low, x), max(high, x)
		if len(grid) > 0 && x < h.grid[0] {
			h.numBelow++
		}
		if len(grid) > 0 && x > h.grid[len(grid)-1] {
			h.numAbove++
		}
	}
	if len(grid) > 0 {
		low, high = min(low, h.grid[0]), max(high, h.grid[len(grid)-1])
	}
	h.setBins(low, high)
	for _, v := range values {
		bin := int((float64(v) - h.low) / h.width)
		h.shares[min(max(bin, 0), len(h.shares)-1)] += 100 / float64(len(values))
	}
	return h, nil
}

// setBins cuts [low, high] into bins: a whole, odd number per step of an even grid, so that grid values lie in the
// middle of a bin; else defaultBins.
func (h *histogram) setBins(low, high float64) {
	low, high = padded(low, high, 0.02)
	step, even := h.step()
	numSteps := (high - low) / step
	if !even || numSteps > maxBins-2 {
		h.low, h.width = low, (high-low)/defaultBins
		h.shares = make([]float64, defaultBins)
		return
	}
	perStep := 1 + 2*math.Floor(max(0, defaultBins/numSteps-1)/2)
	h.width = step / perStep
	h.low = h.grid[0] - h.width*(0.5+math.Ceil((h.grid[0]-low)/h.width-0.5))
	h.shares = make([]float64, int(math.Ceil((high-h.low)/h.width)))
}

// step returns the distance of neighbours in the grid, and whether it is the same (to float32 precision) everywhere.
func (h *histogram) step() (step float64, even bool) {
	if len(h.grid) < 2 {
		return 0, false
	}
	step = (h.grid[len(h.grid)-1] - h.grid[0]) / float64(len(h.grid)-1)
	for i, g := range h.grid {
		if math.Abs(g-(h.grid[0]+float64(i)*step)) > 1e-6*step {
			return 0, false
		}
	}
	return step, step > 1e-290
}

// legend tells how many values, which grid, and how much lies outside.
func (h *histogram) legend() []legendEntry {
	entries := []legendEntry{{name: fmt.Sprintf("%d values", h.numValues), fill: faded(palette[0], 0xb0)}}
	if len(h.grid) == 0 {
		return entries
	}
	name := fmt.Sprintf("grid of %d values", len(h.grid))
	if step, even := h.step(); even {
		name += ", step " + formatStep(step)
	}
	entries = append(entries, legendEntry{name: name, line: gridLine})
	if outside := h.numBelow + h.numAbove; outside > 0 {
		share := 100 * float64(outside) / float64(h.numValues)
		entries = append(entries, legendEntry{name: fmt.Sprintf("outside the grid: %.2g %% of the values", share), fill: clipTint})
	}
	return entries
}

// formatStep writes a power of two as one.
func formatStep(step float64) string {
	if fraction, exponent := math.Frexp(step); fraction == 0.5 {
		return fmt.Sprintf("2^%d", exponent-1)
	}
	return fmt.Sprintf("%.3g", step)
}

var gridLine = draw.LineStyle{Color: palette[1], Width: vg.Points(0.7)}

// Plot implements gonum's Plotter.
func (h *histogram) Plot(c draw.Canvas, p *gplot.Plot) {
	toX, toY := p.Transforms(&c)
	if h.numBelow > 0 {
		c.FillPolygon(clipTint, rectangle(c.Min.X, c.Min.Y, toX(h.grid[0]), c.Max.Y))
	}
	if h.numAbove > 0 {
		c.FillPolygon(clipTint, rectangle(toX(h.grid[len(h.grid)-1]), c.Min.Y, c.Max.X, c.Max.Y))
	}
	outline := []vg.Point{{X: toX(h.low), Y: toY(0)}}
	for i, share := range h.shares {
		left, right := h.low+float64(i)*h.width, h.low+float64(i+1)*h.width
		outline = append(outline, vg.Point{X: toX(left), Y: toY(share)}, vg.Point{X: toX(right), Y: toY(share)})
	}
	outline = append(outline, vg.Point{X: c.Max.X, Y: toY(0)})
	c.FillPolygon(faded(palette[0], 0xb0), outline)
	top := c.Max.Y
	if len(h.grid) > 1 && (toX(h.grid[len(h.grid)-1])-toX(h.grid[0]))/vg.Length(len(h.grid)-1) < gridLineRoom {
		top = c.Min.Y + vg.Points(9)
	}
	for _, g := range h.grid {
		c.StrokeLine2(gridLine, toX(g), c.Min.Y, toX(g), top)
	}
}
