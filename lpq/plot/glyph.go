package plot

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// glyphs are the markers of series, filled ones first: outlines are faint in pale colours.
var glyphs = []draw.GlyphDrawer{
	draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{},
	filled{{0, 1.3}, {1.1, 0}, {0, -1.3}, {-1.1, 0}},               // diamond
	filled{{0, -1.25}, {1.1, 0.65}, {-1.1, 0.65}},                  // pyramid upside down
	filled{{0.55, 1.3}, {0.55, -1.3}, {-0.55, -1.3}, {-0.55, 1.3}}, // upright bar
	draw.RingGlyph{}, draw.CrossGlyph{},
}

// filled is a polygon, with corners in radii.
type filled [][2]vg.Length

// DrawGlyph implements gonum's GlyphDrawer.
func (f filled) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	corners := make([]vg.Point, len(f))
	for i, corner := range f {
		corners[i] = at.Add(vg.Point{X: corner[0], Y: corner[1]}.Scale(style.Radius))
	}
	c.FillPolygon(style.Color, corners)
}

// glyphOf returns the marker of the series at an index. Later ones, which are drawn over the others, are smaller: where series lie on each other,
// a rim of each shows.
func glyphOf(idx int, radius vg.Length) draw.GlyphStyle {
	size := max(0.6, 1-0.14*float64(idx%len(palette)))
	return draw.GlyphStyle{Color: colorOf(idx), Radius: radius * vg.Length(size), Shape: glyphs[idx%len(glyphs)]}
}
