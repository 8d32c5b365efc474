package plot

import (
	"image/color"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Lengths in a legend, in points.
const (
	swatchWidth = vg.Length(22) // of the sample beside a name
	swatchGap   = vg.Length(5)  // between the two
	legendGap   = vg.Length(16) // between entries
	legendRow   = vg.Length(legendSize + 6)
)

// legendEntry is a name with a sample of how its data are drawn: any of a filled box, a line and a marker.
type legendEntry struct {
	name  string
	fill  color.Color
	line  draw.LineStyle
	glyph draw.GlyphStyle
}

// drawTitle writes the title, left-aligned and broken into lines where it is too long, at the top of c and returns the
// height taken.
func drawTitle(c draw.Canvas, title string) vg.Length {
	if strings.TrimSpace(title) == "" {
		return 0
	}
	style := sans(titleSize, true)
	style.YAlign = draw.YTop
	title = wrap(style, title, c.Size().X)
	c.FillText(style, vg.Point{X: c.Min.X, Y: c.Max.Y}, title)
	return style.Height(title) + vg.Points(7)
}

// drawLegend writes the entries at the top of c, in as many rows as it takes, and returns the height. It stands above the axes, so that it never
// hides data.
func drawLegend(c draw.Canvas, entries []legendEntry) vg.Length {
	if len(entries) == 0 {
		return 0
	}
	style := sans(legendSize, false)
	style.YAlign = draw.YCenter
	y := c.Max.Y - legendRow/2
	for _, row := range legendRows(entries, c.Size().X) {
		x := c.Min.X
		for _, entry := range row {
			entry.draw(c, x, y)
			c.FillText(style, vg.Point{X: x + swatchWidth + swatchGap, Y: y + style.FontExtents().Descent/2}, entry.name)
			x += entry.width() + legendGap
		}
		y -= legendRow
	}
	return c.Max.Y - y - legendRow/2 + vg.Points(4)
}

// legendRows puts entries side by side, as many in a row as have room in the width.
func legendRows(entries []legendEntry, width vg.Length) (rows [][]legendEntry) {
	var x vg.Length
	for _, entry := range entries {
		if len(rows) == 0 || x+entry.width() > width {
			rows, x = append(rows, nil), 0
		}
		last := len(rows) - 1
		rows[last] = append(rows[last], entry)
		x += entry.width() + legendGap
	}
	return rows
}

// width is that of the sample and the name.
func (e legendEntry) width() vg.Length {
	return swatchWidth + swatchGap + sans(legendSize, false).Width(e.name)
}

// draw paints the sample with its left end at x, centred at height y.
func (e legendEntry) draw(c draw.Canvas, x, y vg.Length) {
	if e.fill != nil {
		half := vg.Points(4)
		c.FillPolygon(e.fill, rectangle(x, y-half, x+swatchWidth, y+half))
	}
	if e.line.Width > 0 {
		c.StrokeLine2(e.line, x, y, x+swatchWidth, y)
	}
	if e.glyph.Shape != nil {
		c.DrawGlyphNoClip(e.glyph, vg.Point{X: x + swatchWidth/2, Y: y})
	}
}

// rectangle returns the corners of a box.
func rectangle(x0, y0, x1, y1 vg.Length) []vg.Point {
	return []vg.Point{{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}}
}

// wrap breaks s at spaces into lines no wider than width, as far as its words allow.
func wrap(style text.Style, s string, width vg.Length) string {
	var lines []string
	for _, paragraph := range strings.Split(s, "\n") {
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if line != "" && style.Width(line+" "+word) > width {
				lines = append(lines, line)
				line = word
				continue
			}
			line = strings.TrimSpace(line + " " + word)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// shorten replaces the middle of s by an ellipsis where it is longer than maxRunes characters.
func shorten(s string, maxRunes int) string {
	runes := []rune(s)
	if len(runes) <= maxRunes {
		return s
	}
	head := (maxRunes - 1) / 2
	return string(runes[:head]) + "…" + string(runes[len(runes)-(maxRunes-1-head):])
}
