package jpeg

import (
	"bytes"

	"github.com/pkg/errors"
)

// Colours says what the planes of an image are.
type Colours int

// What libjpeg takes planes for (jdapimin.c, default_decompress_parms).
const (
	Grey  Colours = iota // luma
	YCbCr                // JFIF's luma and chroma
	RGB                  // red, green, blue
	CMYK                 // cyan, magenta, yellow, black; by Adobe's convention 255 is no ink
	YCCK                 // CMYK with the first three as the YCbCr of 255 minus each
)

// Image is a decoded file.
type Image struct {
	Width, Height int
	Colours       Colours
	Planes        []Plane // one for Grey, three or four for the others
}

// Plane has the samples of one component, of which one covers StepX x StepY pixels.
type Plane struct {
	Width, Height int // in samples
	StepX, StepY  int
	samples       []uint8
	stride        int
}

// Row returns the samples of row y, which must lie in [0, Height).
func (p *Plane) Row(y int) []uint8 {
	return p.samples[y*p.stride : y*p.stride+p.Width : y*p.stride+p.Width]
}

// component is a plane in the making.
type component struct {
	id           uint8
	h, v         int // sampling factors
	table        uint8
	across, down int // blocks that hold samples of the image
	plane        Plane
	coefficients []block // [rows of blocks, plane.stride/8]; progressive files only
	quantization *[64]uint16
}

// block has 64 coefficients in natural order, row by row.
type block [64]int16

// layOut makes room for all planes, whose blocks fill whole MCUs. Samples that the file lacks are grey.
func (d *decoder) layOut() error {
	d.mcusAcross, d.mcusDown = ceil(d.width, 8*d.maxH), ceil(d.height, 8*d.maxV)
	if mcus := d.mcusAcross * d.mcusDown; mcus > 8*len(d.file) { // each block takes a bit or more
		return errors.WithMessagef(ErrTruncated, "JPEG of %dx%d in %d bytes", d.width, d.height, len(d.file))
	}
	for i := range d.components {
		c := &d.components[i]
		c.across, c.down = ceil(d.width*c.h, 8*d.maxH), ceil(d.height*c.v, 8*d.maxV)
		stride, rows := 8*d.mcusAcross*c.h, 8*d.mcusDown*c.v
		c.plane = Plane{Width: ceil(d.width*c.h, d.maxH), Height: ceil(d.height*c.v, d.maxV), StepX: d.maxH / c.h, StepY: d.maxV / c.v, stride: stride}
		if d.progressive {
			c.plane.samples, c.coefficients = make([]uint8, stride*rows), make([]block, stride*rows/64)
		} else {
			c.plane.samples = bytes.Repeat([]byte{128}, stride*rows)
		}
	}
	return nil
}

func ceil(a, b int) int { return (a + b - 1) / b }

// finish turns a progressive file's coefficients into samples, and hands out the image.
func (d *decoder) finish() (*Image, error) {
	img := &Image{Width: d.width, Height: d.height, Colours: d.colours()}
	for i := range d.components {
		c := &d.components[i]
		if d.progressive && c.quantization == nil {
			return nil, errors.Errorf("JPEG: no scan of component %d", i)
		}
		for k := range c.coefficients {
			at := k*8/c.plane.stride*8*c.plane.stride + k*8%c.plane.stride
			inverse(&c.coefficients[k], c.quantization, c.plane.samples[at:], c.plane.stride)
		}
		img.Planes = append(img.Planes, c.plane)
	}
	return img, nil
}

// colours is libjpeg's guess.
func (d *decoder) colours() Colours {
	id := func(i int) uint8 { return d.components[i].id }
	switch {
	case len(d.components) == 1:
		return Grey
	case len(d.components) == 4 && (!d.adobe || d.transform == 0):
		return CMYK
	case len(d.components) == 4:
		return YCCK
	case d.jfif:
		return YCbCr
	case d.adobe && d.transform == 0, !d.adobe && id(0) == 'R' && id(1) == 'G' && id(2) == 'B':
		return RGB
	}
	return YCbCr
}
