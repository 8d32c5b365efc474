package plot

import (
	"image/color"
	"math"

	xfont "golang.org/x/image/font"
	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Text sizes in points.
const (
	titleSize  = 12
	labelSize  = 10
	tickSize   = 9
	legendSize = 9.5
	valueSize  = 8
)

var (
	ink      = color.NRGBA{R: 0x22, G: 0x22, B: 0x22, A: 0xff}
	axisInk  = color.NRGBA{R: 0x77, G: 0x77, B: 0x77, A: 0xff}
	gridInk  = color.NRGBA{R: 0xe4, G: 0xe4, B: 0xe4, A: 0xff}
	clipTint = color.NRGBA{R: 0xd5, G: 0x5e, B: 0x00, A: 0x28}

	// palette is Okabe and Ito's, without its yellow (too pale on white), https://jfly.uni-koeln.de/color/.
	palette = []color.NRGBA{
		{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}, // blue
		{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}, // vermilion
		{R: 0x00, G: 0x9e, B: 0x73, A: 0xff}, // bluish green
		{R: 0xcc, G: 0x79, B: 0xa7, A: 0xff}, // reddish purple
		{R: 0xe6, G: 0x9f, B: 0x00, A: 0xff}, // orange
		{R: 0x56, G: 0xb4, B: 0xe9, A: 0xff}, // sky blue
		{R: 0x22, G: 0x22, B: 0x22, A: 0xff}, // black
	}
	dashes = [][]vg.Length{nil, {6, 2}, {2, 2}, {6, 2, 2, 2}}
)

// colorOf returns the colour of the series at an index. Colours repeat after seven, with other dashes and markers, and paler in bars.
func colorOf(idx int) color.NRGBA { return palette[idx%len(palette)] }

// fillOf returns the colour of the bars of the series at an index.
func fillOf(idx int) color.NRGBA { return faded(colorOf(idx), 0xff>>(idx/len(palette))) }

// faded returns c with its opacity set to alpha of 255.
func faded(c color.NRGBA, alpha uint8) color.NRGBA {
	c.A = alpha
	return c
}

// lineOf returns the line of the series at an index: solid in the first round of colours, then dashed.
func lineOf(idx int, width vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: colorOf(idx), Width: width, Dashes: dashes[idx/len(palette)%len(dashes)]}
}

// sans returns a text style in the embedded Liberation Sans, size in points.
func sans(size float64, bold bool) text.Style {
	f := font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)}
	if bold {
		f.Weight = xfont.WeightBold
	}
	return text.Style{Color: ink, Font: f, Handler: gplot.DefaultTextHandler}
}

// newPlot returns an empty gonum plot in the house style: no frame, faint horizontal grid.
func newPlot(xLabel, yLabel string) *gplot.Plot {
	p := gplot.New()
	p.BackgroundColor = nil // The figure's own white is below.
	p.X.Label.Text, p.Y.Label.Text = xLabel, yLabel
	for _, axis := range []*gplot.Axis{&p.X, &p.Y} {
		label := sans(labelSize, false)
		label.XAlign, label.YAlign = draw.XCenter, draw.YBottom
		axis.Label.TextStyle = label
		axis.Label.Padding = vg.Points(4)
		tick := sans(tickSize, false)
		tick.XAlign, tick.YAlign = axis.Tick.Label.XAlign, axis.Tick.Label.YAlign
		axis.Tick.Label = tick
		axis.Tick.LineStyle = draw.LineStyle{Color: axisInk, Width: vg.Points(0.6)}
		axis.Tick.Length = vg.Points(4)
		axis.Tick.Marker = ticks{}
		axis.LineStyle = draw.LineStyle{Color: axisInk, Width: vg.Points(0.6)}
		axis.Padding = 0
	}
	grid := plotter.NewGrid()
	grid.Vertical.Color = nil
	grid.Horizontal = draw.LineStyle{Color: gridInk, Width: vg.Points(0.6)}
	p.Add(grid)
	return p
}

// padded returns an axis range around [low, high]: margin (a fraction of the span) on both sides, and a visible
// span where all values are the same.
func padded(low, high, margin float64) (axisMin, axisMax float64) {
	size := max(math.Abs(low), math.Abs(high))
	switch {
	case high-low >= 1e-9*size && high-low > 1e-290:
		return low - margin*(high-low), high + margin*(high-low)
	case size > 1e-290:
		return low - 0.05*size, high + 0.05*size
	default:
		return -1, 1
	}
}
