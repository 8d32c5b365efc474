package plot

import (
	"image/color"

	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// curve draws a series as any of a shaded band (its confidence interval), a line and markers.
type curve struct {
	series Series
	band   color.Color
	line   draw.LineStyle
	glyph  draw.GlyphStyle
}

// Plot implements gonum's Plotter.
func (v curve) Plot(c draw.Canvas, p *gplot.Plot) {
	toX, toY := p.Transforms(&c)
	points := make([]vg.Point, len(v.series.Y))
	for i, y := range v.series.Y {
		points[i] = vg.Point{X: toX(v.series.x(i)), Y: toY(y)}
	}
	if v.band != nil && v.series.Low != nil {
		edge := make([]vg.Point, 2*len(points))
		for i, point := range points {
			low, high := v.series.interval(i)
			edge[i] = vg.Point{X: point.X, Y: toY(high)}
			edge[len(edge)-1-i] = vg.Point{X: point.X, Y: toY(low)}
		}
		c.FillPolygon(v.band, edge)
	}
	c.StrokeLines(v.line, points)
	if v.glyph.Shape != nil {
		for _, point := range points {
			c.DrawGlyphNoClip(v.glyph, point)
		}
	}
}

// legendOf returns one entry per series, with the sample that sampleOf gives, or none if no series has a name.
func legendOf(series []Series, sampleOf func(idx int) legendEntry) []legendEntry {
	var entries []legendEntry
	named := false
	for i, s := range series {
		entry := sampleOf(i)
		entry.name = shorten(s.Name, 80)
		named = named || s.Name != ""
		entries = append(entries, entry)
	}
	if !named {
		return nil
	}
	return entries
}
