package plot

import (
	"math"

	"github.com/pkg/errors"
	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const (
	// cosineSlack is how far rounding may carry a cosine beyond 1.
	cosineSlack = 1e-3
	// layerLabelRoom is the room of a label written upwards: its height and a gap.
	layerLabelRoom  = vg.Length(tickSize + 2.5)
	maxName         = 36 // Characters.
	maxCosineRadius = vg.Length(3.4)
	axisRoom        = 0.8 * vg.Inch
)

// Similarity draws the cosine similarity of two networks' weights layer by layer, one marker per layer and series.
//
//	layers   names, in the order from input to output
//	series   one per comparison, Y [len(layers)], cosines
//
// The vertical axis goes from the data up to 1. Of many layers as many are named as there is room for. It fails if a
// series is empty, has another length than layers, or holds a value that is no cosine.
func Similarity(title string, layers []string, series ...Series) *Figure {
	err := checkAll(series, len(layers))
	if err == nil {
		err = checkCosines(series)
	}
	f := newFigure("Similarity", title, err)
	if err != nil {
		return f
	}
	names := make([]string, len(layers))
	for i, layer := range layers {
		names[i] = shorten(layer, maxName)
	}
	f.legend = legendOf(series, func(i int) legendEntry {
		return legendEntry{line: similarityLine(i), glyph: glyphOf(i, maxCosineRadius)}
	})
	f.makeRoom(names)
	f.build = func(width vg.Length) *gplot.Plot { return similarityPlot(names, series, width) }
	return f
}

// checkCosines returns an error unless all values lie in [-1, 1], up to rounding.
func checkCosines(series []Series) error {
	for _, s := range series {
		for i, y := range s.Y {
			if math.Abs(y) > 1+cosineSlack {
				return errors.Errorf("series %q: Y[%d] = %g is not a cosine, which lies in [-1, 1]", s.Name, i, y)
			}
		}
	}
	return nil
}

func similarityPlot(layers []string, series []Series, width vg.Length) *gplot.Plot {
	p := newPlot("layer, from input to output", "cosine similarity")
	p.X.Min, p.X.Max = -0.6, float64(len(layers))-0.4
	low, _ := span(series)
	gap := max(1-low, 1e-4) // All weights equal: a flat line at 1, not an axis of rounding errors.
	p.Y.Min, p.Y.Max = 1-1.06*gap, 1+0.03*gap
	p.X.Tick.Marker = nameTicks{names: layers, gap: " ",
		stride: strideFor(len(layers), width-axisRoom, layerLabelRoom)}
	p.X.Tick.Label.Rotation = math.Pi / 2
	p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = draw.XRight, draw.YCenter
	slot := (width - axisRoom) / vg.Length(len(layers))
	for i, s := range series {
		p.Add(curve{series: s, line: similarityLine(i), glyph: glyphOf(i, min(max(0.3*slot, 1.5), maxCosineRadius))})
	}
	return p
}

// similarityLine joins the markers faintly: it leads the eye, for nothing lies between two layers.
func similarityLine(idx int) draw.LineStyle {
	return draw.LineStyle{Color: faded(colorOf(idx), 0x60), Width: vg.Points(0.8)}
}
