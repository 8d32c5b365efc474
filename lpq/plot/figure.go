package plot

import (
	"bytes"
	"fmt"
	"image/color"
	"strings"

	"github.com/pkg/errors"
	gplot "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The default size in inches fits the text column of a notebook at 96 dots per inch; PNGs have twice as many.
const (
	defaultWidth  = 7.0
	defaultHeight = 4.0
	minSide       = 1.0
	maxSide       = 40.0 // 40 in x 192 dots per inch: a PNG takes at most 236 MB of memory.
	pngDPI        = 192
	leftMargin    = vg.Length(6) // Points.
	rightMargin   = vg.Length(8)
)

// Figure is a drawing: data, labels and a size. Make one with [Similarity], [Bars], [Lines] or [Histogram].
// It may be drawn from several goroutines at once.
type Figure struct {
	title         string
	legend        []legendEntry
	width, height vg.Length
	build         func(width vg.Length) *gplot.Plot // A new gonum plot for each drawing: drawing alters it.
	err           error
}

// newFigure returns a figure of the default size that fails with err, if any, prefixed with the function and title.
func newFigure(function, title string, err error) *Figure {
	if err != nil {
		err = errors.WithMessagef(err, "plot.%s: figure %q", function, title)
	}
	return &Figure{title: title, width: defaultWidth * vg.Inch, height: defaultHeight * vg.Inch, err: err}
}

// Err returns what is wrong with the figure's data, or nil. The methods that draw return the same error.
func (f *Figure) Err() error { return f.err }

// Title returns the figure's title.
func (f *Figure) Title() string { return f.title }

// Size returns width and height in inches.
func (f *Figure) Size() (width, height float64) {
	return float64(f.width / vg.Inch), float64(f.height / vg.Inch)
}

// Resized returns the figure at another size, in inches, each side from 1 to 40: labels are thinned to fit, text keeps
// its size. With a size outside these bounds, the returned figure holds an error.
func (f *Figure) Resized(width, height float64) *Figure {
	resized := *f
	if !(width >= minSide && width <= maxSide && height >= minSide && height <= maxSide) && f.err == nil {
		resized.err = errors.Errorf("plot: figure %q cannot be %g x %g inches, each side must be from %g to %g",
			f.title, width, height, minSide, maxSide)
		return &resized
	}
	resized.width, resized.height = vg.Length(width)*vg.Inch, vg.Length(height)*vg.Inch
	return &resized
}

// String describes the figure in one line of text, for where it cannot be shown.
func (f *Figure) String() string {
	width, height := f.Size()
	description := fmt.Sprintf("Figure %q (%.3g x %.3g in)", f.title, width, height)
	if len(f.legend) == 0 {
		return description
	}
	names := make([]string, len(f.legend))
	for i, entry := range f.legend {
		names[i] = entry.name
	}
	return description + ": " + strings.Join(names, ", ")
}

// PNG returns the figure as a PNG image of 192 dots per inch: 1344 x 768 pixels at the default size.
func (f *Figure) PNG() ([]byte, error) {
	var buffer bytes.Buffer
	err := f.render(func() error {
		canvas := vgimg.NewWith(vgimg.UseWH(f.width, f.height), vgimg.UseDPI(pngDPI))
		f.draw(draw.New(canvas))
		_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(&buffer)
		return err
	})
	return buffer.Bytes(), err
}

// SVG returns the figure as an SVG document whose text stays text. Fonts are named, not embedded: Liberation Sans,
// else Arial or Helvetica, which have the same widths.
func (f *Figure) SVG() ([]byte, error) {
	var buffer bytes.Buffer
	err := f.render(func() error {
		canvas := vgsvg.New(f.width, f.height)
		f.draw(draw.New(canvas))
		_, err := canvas.WriteTo(&buffer)
		return err
	})
	return bytes.ReplaceAll(buffer.Bytes(), []byte("font-family:Liberation Sans;"),
		[]byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;")), err
}

// makeRoom makes the figure higher, so that names that are written upwards, beyond an inch, and rows of the legend, beyond two, do not squeeze the data.
func (f *Figure) makeRoom(upwards []string) {
	style := sans(tickSize, false)
	var longest vg.Length
	for _, name := range upwards {
		longest = max(longest, style.Width(name))
	}
	f.height += max(0, longest-vg.Inch)
	if rows := legendRows(f.legend, f.width-leftMargin-rightMargin); len(rows) > 2 {
		f.height += vg.Length(len(rows)-2) * legendRow
	}
}

// render calls paint unless the figure holds an error, and turns a panic of the drawing library into an error.
func (f *Figure) render(paint func() error) (err error) {
	if f.err != nil {
		return f.err
	}
	defer func() {
		if r := recover(); r != nil {
			err = errors.Errorf("plot: drawing figure %q: %v", f.title, r)
		}
	}()
	return errors.Wrapf(paint(), "plot: drawing figure %q", f.title)
}

// draw paints, from top to bottom: title, legend, axes and data.
func (f *Figure) draw(c draw.Canvas) {
	c.SetColor(color.White)
	c.Fill(c.Rectangle.Path())
	c = draw.Crop(c, leftMargin, -rightMargin, vg.Points(4), -vg.Points(6))
	c.Max.Y -= drawTitle(c, f.title)
	c.Max.Y -= drawLegend(c, f.legend)
	f.build(f.width).Draw(c)
}
