package raster

import (
	"fmt"
	"image"
	"math"

	"github.com/pkg/errors"
)

// Preprocess says how a picture becomes a network's input, up to the normalization: the shorter side is resized, then the centre is cut out. It is
// torchvision's Resize(Resize, interpolation=Filter) and CenterCrop(Crop) on PIL images.
type Preprocess struct {
	Resize int    `json:"resize"` // shorter side, in pixels
	Crop   int    `json:"crop"`   // side of the square that is cut out
	Filter Filter `json:"filter"`
}

// What networks for ImageNet are evaluated with.
var (
	Standard  = Preprocess{256, 224, Bilinear} // torchvision's ResNet, VGG, DenseNet
	Inception = Preprocess{342, 299, Bilinear}
	Lite0     = Preprocess{256, 224, Bicubic} // EfficientNet-Lite0
)

// maxResize keeps buffers small.
const maxResize = 1 << 13

// Validate returns an error that names the field that is out of range.
func (p Preprocess) Validate() error {
	if p.Crop < 1 || p.Crop > p.Resize || p.Resize > maxResize {
		return errors.Errorf("preprocessing: resize to %d, crop %d; want 1 <= crop <= resize <= %d", p.Resize, p.Crop, maxResize)
	}
	return p.Filter.Validate()
}

// String is short and complete, for example "256/224 bilinear".
func (p Preprocess) String() string { return fmt.Sprintf("%d/%d %s", p.Resize, p.Crop, p.Filter) }

// Sides returns the size to which a picture is resized. The longer side is cut off to an integer, as in torchvision.
func (p Preprocess) Sides(width, height int) (int, int) {
	if width <= height {
		return p.Resize, p.Resize * height / width
	}
	return p.Resize * width / height, p.Resize
}

// window is the centre of a picture of that size. Halves are rounded to even, as by Python.
func (p Preprocess) window(width, height int) image.Rectangle {
	left := int(math.RoundToEven(float64(width-p.Crop) / 2))
	top := int(math.RoundToEven(float64(height-p.Crop) / 2))
	return image.Rect(left, top, left+p.Crop, top+p.Crop)
}

// Apply writes the network's view of a picture, [Crop, Crop, 3], to dst. A picture that was resized before comes out as it is, but cut.
func (p Preprocess) Apply(dst []uint8, src *RGB) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if err := src.check(src.Bounds()); err != nil {
		return err
	}
	width, height := p.Sides(src.Width, src.Height)
	return Resize(dst, p.window(width, height), src, src.Bounds(), width, height, p.Filter)
}

// Shrink is the first half of Apply: it resizes the shorter side, and keeps the whole picture.
func (p Preprocess) Shrink(src *RGB) (*RGB, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if err := src.check(src.Bounds()); err != nil {
		return nil, err
	}
	width, height := p.Sides(src.Width, src.Height)
	if width > MaxPixels/height {
		return nil, errors.Errorf("a picture of %dx%d would be resized to %dx%d; want at most %d pixels", src.Width, src.Height, width, height, MaxPixels)
	}
	out := NewRGB(width, height)
	return out, Resize(out.Pix, out.Bounds(), src, src.Bounds(), width, height, p.Filter)
}
