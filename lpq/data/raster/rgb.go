package raster

import (
	"image"

	"github.com/pkg/errors"
)

// RGB is a picture of 8-bit red, green and blue.
type RGB struct {
	Width, Height int
	Pix           []uint8 // [Height, Width, 3]
}

// NewRGB makes a black picture.
func NewRGB(width, height int) *RGB {
	return &RGB{width, height, make([]uint8, 3*width*height)}
}

// Bounds is the rectangle of all pixels, from (0, 0).
func (p *RGB) Bounds() image.Rectangle { return image.Rect(0, 0, p.Width, p.Height) }

// row returns row y.
func (p *RGB) row(y int) []uint8 {
	stride := 3 * p.Width
	return p.Pix[y*stride : (y+1)*stride : (y+1)*stride]
}

// check returns an error unless part is a rectangle of one pixel or more within the picture, and the picture has its pixels.
func (p *RGB) check(part image.Rectangle) error {
	if len(p.Pix) < 3*p.Width*p.Height || part.Empty() || !part.In(p.Bounds()) {
		return errors.Errorf("no part %v in a picture of %dx%d with %d bytes", part, p.Width, p.Height, len(p.Pix))
	}
	return nil
}
