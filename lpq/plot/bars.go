package plot

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/pkg/errors"
	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// clusterWidth is the part of a group's room that its bars take.
const clusterWidth = 0.8

// Bars draws grouped bars, each with its value above it: one group per label, one bar per series in each group.
//
//	yLabel   what the bars measure, with the unit ("top-1, %")
//	groups   labels along the horizontal axis
//	series   Y [len(groups)]; Low and High show as whiskers
//
// Bars start at 0. Where all values lie close together far from 0, as accuracies do, the axis starts below the smallest
// one, and its label says so. It fails if a series is empty, has another length than groups, or holds a value that
// is not finite.
func Bars(title, yLabel string, groups []string, series ...Series) *Figure {
	err := checkAll(series, len(groups))
	if err == nil && len(groups) == 0 {
		err = errors.New("there are no groups")
	}
	f := newFigure("Bars", title, err)
	if err != nil {
		return f
	}
	f.legend = legendOf(series, func(i int) legendEntry { return legendEntry{fill: fillOf(i)} })
	names, upwards := groupNames(groups, f.width)
	if !upwards {
		names = nil
	}
	f.makeRoom(names)
	f.build = func(width vg.Length) *gplot.Plot { return barsPlot(yLabel, groups, series, width) }
	return f
}

func barsPlot(yLabel string, groups []string, series []Series, width vg.Length) *gplot.Plot {
	low, high := span(series)
	base := barBase(low, high)
	if base != 0 {
		yLabel += " (axis starts at " + strconv.FormatFloat(base, 'g', 6, 64) + ")"
	}
	p := newPlot("", yLabel)
	p.X.Min, p.X.Max = -0.5, float64(len(groups))-0.5
	p.Y.Min, p.Y.Max = padded(min(low, base), max(high, base), 0)
	if low < base {
		p.Y.Min -= 0.05 * (p.Y.Max - p.Y.Min)
	}
	setGroupLabels(p, groups, width)
	p.Add(newBars(series, base, slotOf(groups, width)*clusterWidth/vg.Length(len(series))))
	return p
}

// barBase returns where bars over values in [low, high] start: 0, or a round number below low if the values differ by
// less than a third of their size. Values that differ by less than a hundredth are not made to look farther apart than if they did.
func barBase(low, high float64) float64 {
	spread := high - low
	if low <= 0 || spread <= 1e-9*high || spread > high/3 {
		return 0
	}
	spread = max(spread, high/100)
	step := niceStep(spread / 3)
	return max(0, math.Floor((low-spread/4)/step)*step)
}

// slotOf is the width that each group has in a figure.
func slotOf(groups []string, width vg.Length) vg.Length {
	return (width - axisRoom) / vg.Length(len(groups))
}

// groupNames are names broken into lines; or, where a word is wider than its slot in a figure, for writing upwards.
func groupNames(groups []string, width vg.Length) (names []string, upwards bool) {
	style, slot := sans(tickSize, false), slotOf(groups, width)
	names = make([]string, len(groups))
	for i, group := range groups {
		names[i] = wrap(style, shorten(group, maxName), slot*0.95)
		upwards = upwards || style.Width(names[i]) > slot*0.98
	}
	lines := 0
	for _, name := range names {
		lines = max(lines, strings.Count(name, "\n"))
	}
	for i, group := range groups {
		if upwards {
			names[i] = shorten(strings.Join(strings.Fields(group), " "), maxName)
		} else { // as many lines in all, for gonum puts long and short ones at different heights
			names[i] += strings.Repeat("\n ", lines-strings.Count(names[i], "\n"))
		}
	}
	return names, upwards
}

// setGroupLabels writes the groups below their bars, and thins those that are written upwards where even that is too narrow.
func setGroupLabels(p *gplot.Plot, groups []string, width vg.Length) {
	names, upwards := groupNames(groups, width)
	marker := nameTicks{names: names, stride: 1}
	if upwards {
		marker.gap, marker.stride = " ", strideFor(len(groups), width-axisRoom, layerLabelRoom)
		p.X.Tick.Label.Rotation = math.Pi / 2
		p.X.Tick.Label.XAlign, p.X.Tick.Label.YAlign = draw.XRight, draw.YCenter
	}
	p.X.Tick.Marker = marker
	p.X.Tick.Length = 0
	p.X.Padding = vg.Points(4)
	p.X.LineStyle.Width = 0 // The bars draw the line they stand on.
}

// bars draws the bars of all series, from base, with whiskers and values.
type bars struct {
	series []Series
	base   float64
	labels [][]string // By series and group; nil: no room.
	style  text.Style
}

// newBars chooses how the values are written on bars of the given width: flat, upwards or not at all.
func newBars(series []Series, base float64, width vg.Length) bars {
	b := bars{series: series, base: base, style: sans(valueSize, false)}
	low, high := span(series)
	format := valueFormat(max(math.Abs(low), math.Abs(high)), max(base, high)-min(base, low))
	widest := vg.Length(0)
	for _, s := range series {
		row := make([]string, len(s.Y))
		for i, y := range s.Y {
			row[i] = fmt.Sprintf(format, y)
			widest = max(widest, b.style.Width(row[i]))
		}
		b.labels = append(b.labels, row)
	}
	room := width * 0.95
	if len(series) == 1 {
		room = width * 1.15 // over the gap to the next group
	}
	switch {
	case width < valueSize:
		b.labels = nil
	case widest > room:
		b.style.Rotation = math.Pi / 2
		b.style.XAlign, b.style.YAlign = draw.XLeft, draw.YCenter
	default:
		b.style.XAlign, b.style.YAlign = draw.XCenter, draw.YBottom
	}
	return b
}

// valueFormat returns the format of values up to a magnitude, on an axis of a span: three or four digits, and as many more as it takes to tell
// bars apart that differ by a fiftieth of the axis.
func valueFormat(magnitude, span float64) string {
	decimals := 3
	switch {
	case magnitude >= 1e6 || magnitude < 0.01:
		return "%.3g"
	case magnitude >= 1000:
		decimals = 0
	case magnitude >= 10:
		decimals = 1
	case magnitude >= 1:
		decimals = 2
	}
	if span > 0 {
		decimals = max(decimals, min(3, int(math.Ceil(-math.Log10(span/50)))))
	}
	return fmt.Sprintf("%%.%df", decimals)
}

// center returns the horizontal middle of a bar, in data coordinates, and half its width.
func (b bars) center(seriesIdx, groupIdx int) (center, half float64) {
	width := clusterWidth / float64(len(b.series))
	return float64(groupIdx) - clusterWidth/2 + (float64(seriesIdx)+0.5)*width, width / 2 * 0.92
}

// Plot implements gonum's Plotter.
func (b bars) Plot(c draw.Canvas, p *gplot.Plot) {
	toX, toY := p.Transforms(&c)
	whisker := draw.LineStyle{Color: ink, Width: vg.Points(0.9)}
	for s, series := range b.series {
		for g, y := range series.Y {
			center, half := b.center(s, g)
			c.FillPolygon(fillOf(s), rectangle(toX(center-half), toY(b.base), toX(center+half), toY(y)))
			low, high := series.interval(g)
			if high > low {
				x, arm := toX(center), min(vg.Points(4), (toX(center+half)-toX(center))/2)
				c.StrokeLine2(whisker, x, toY(low), x, toY(high))
				c.StrokeLine2(whisker, x-arm, toY(low), x+arm, toY(low))
				c.StrokeLine2(whisker, x-arm, toY(high), x+arm, toY(high))
			}
			if b.labels != nil {
				end, offset := b.labelPlace(s, g)
				c.FillText(b.style, vg.Point{X: toX(center), Y: toY(end) + offset}, b.labels[s][g])
			}
		}
	}
	c.StrokeLine2(p.Y.LineStyle, c.Min.X, toY(b.base), c.Max.X, toY(b.base))
}

// labelPlace returns where the value of a bar stands: the end of the bar or whisker, in data coordinates, and the distance
// from there.
func (b bars) labelPlace(seriesIdx, groupIdx int) (end float64, offset vg.Length) {
	const gap = vg.Length(2.5)
	s := b.series[seriesIdx]
	low, high := s.interval(groupIdx)
	if s.Y[groupIdx] >= b.base {
		return high, gap
	}
	return low, -gap - b.style.Rectangle(b.labels[seriesIdx][groupIdx]).Size().Y
}

// GlyphBoxes implements gonum's GlyphBoxer: it keeps room for the values.
func (b bars) GlyphBoxes(p *gplot.Plot) []gplot.GlyphBox {
	var boxes []gplot.GlyphBox
	for s := range b.labels {
		for g, label := range b.labels[s] {
			center, _ := b.center(s, g)
			end, offset := b.labelPlace(s, g)
			boxes = append(boxes, gplot.GlyphBox{X: p.X.Norm(center), Y: p.Y.Norm(end),
				Rectangle: b.style.Rectangle(label).Add(vg.Point{Y: offset})})
		}
	}
	return boxes
}
