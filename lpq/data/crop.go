package data

import (
	"image"
	"math"

	"github.com/pkg/errors"
)

// RandomCrop is torchvision's RandomResizedCrop: a rectangle of random area and shape, resized to the images' shape. Its zero value is no crop.
type RandomCrop struct {
	MinArea  float64 `json:"min_area"` // of the whole picture's area
	MaxArea  float64 `json:"max_area"`
	MinRatio float64 `json:"min_ratio"` // of width to height
	MaxRatio float64 `json:"max_ratio"`
}

// ImageNetAugment is the usual augmentation for ImageNet: torchvision's RandomResizedCrop with its defaults, and RandomHorizontalFlip.
var ImageNetAugment = Augment{Crop: RandomCrop{MinArea: 0.08, MaxArea: 1, MinRatio: 3.0 / 4, MaxRatio: 4.0 / 3}, Flip: true}

// Validate returns an error if a range is empty or out of bounds; the zero value is valid.
func (c RandomCrop) Validate() error {
	if c == (RandomCrop{}) {
		return nil
	}
	if !(c.MinArea > 0 && c.MinArea <= c.MaxArea && c.MaxArea <= 1) {
		return errors.Errorf("augmentation: crop of %v to %v of the area, want 0 < least <= most <= 1", c.MinArea, c.MaxArea)
	}
	if !(c.MinRatio > 0 && c.MinRatio <= c.MaxRatio && c.MaxRatio <= math.MaxFloat32) {
		return errors.Errorf("augmentation: crop with sides' ratio %v to %v, want 0 < least <= most", c.MinRatio, c.MaxRatio)
	}
	return nil
}

// cropTries is torchvision's number of tries before it takes the centre.
const cropTries = 10

// draw chooses a rectangle of a picture of that size: area uniform, ratio of the sides uniform in its logarithm, place uniform. Rectangles that do not fit
// are drawn again, and after ten of them it is the largest in the centre whose ratio is in range.
//
// Of all that this package draws this alone goes by floats: machines whose exponential function differs in its last bit could, once in a very long while, draw
// a rectangle that differs by a pixel.
func (c RandomCrop) draw(random *stream, width, height int) image.Rectangle {
	area, lo, hi := float64(width*height), math.Log(c.MinRatio), math.Log(c.MaxRatio)
	for range cropTries {
		target := area * random.within(c.MinArea, c.MaxArea)
		ratio := math.Exp(random.within(lo, hi))
		w, h := round(math.Sqrt(target*ratio)), round(math.Sqrt(target/ratio))
		if w > 0 && w <= width && h > 0 && h <= height {
			top := random.below(height - h + 1)
			left := random.below(width - w + 1)
			return image.Rect(left, top, left+w, top+h)
		}
	}
	return c.centre(width, height)
}

func (c RandomCrop) centre(width, height int) image.Rectangle {
	w, h := width, height
	switch ratio := float64(width) / float64(height); {
	case ratio < c.MinRatio:
		h = clamp(round(float64(w)/c.MinRatio), 1, height)
	case ratio > c.MaxRatio:
		w = clamp(round(float64(h)*c.MaxRatio), 1, width)
	}
	left, top := (width-w)/2, (height-h)/2
	return image.Rect(left, top, left+w, top+h)
}

// round is Python's: halves to even.
func round(x float64) int { return int(math.RoundToEven(x)) }

// Pictures is a Dataset whose images are made of pictures that have sizes of their own. Image gives what evaluation sees of one.
type Pictures interface {
	Dataset
	// View writes a part of picture i, resized to Shape, to the start of dst: the rectangle that choose returns for the picture's size. It returns an error
	// as Image does, or if the rectangle is empty or not within the picture.
	View(i int, choose func(width, height int) image.Rectangle, dst []uint8) error
}

// ErrSkip is in the chain of the error for an image that cannot be read and is to be left out: a damaged file, where the user allows some.
var ErrSkip = errors.New("image left out")

// Skip is an error with ErrSkip in its chain that a dataset counts. A Loader calls LeftOut when it hands out the batch that lacks the image, so that what is
// counted does not depend on how far ahead its workers are; it returns an error if there are too many.
type Skip interface {
	error
	LeftOut() error
	Limit() int // how many may be left out: a batch with more is not read to its end
}
