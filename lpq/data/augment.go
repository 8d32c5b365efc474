package data

import (
	"image"

	"github.com/pkg/errors"
)

// Augment changes training images at random as the baselines were trained; its zero value changes nothing.
// Pad and Flip together are torchvision's RandomCrop(32, padding=4) and RandomHorizontalFlip, for CIFAR-10; Crop and Flip are RandomResizedCrop(224) and
// RandomHorizontalFlip, for ImageNet. First comes the crop, then the flip.
type Augment struct {
	Pad  int  `json:"pad,omitempty"`  // pixels of black (0) on every side, before a crop back to the image's own size at a random place; 0: no crop
	Flip bool `json:"flip,omitempty"` // mirror left to right with probability 1/2
	// Crop needs a dataset of Pictures, and no Pad.
	Crop RandomCrop `json:"crop,omitzero"`
}

// CIFARAugment is the usual augmentation of 32x32 images: He et al., arXiv:1512.03385, section 4.2.
var CIFARAugment = Augment{Pad: 4, Flip: true}

// DefaultAugment is what training usually does to images of that kind: ImageNetAugment to Pictures, CIFARAugment to others.
func DefaultAugment(d Dataset) Augment {
	if _, ok := d.(Pictures); ok {
		return ImageNetAugment
	}
	return CIFARAugment
}

// Validate returns an error if Pad is negative or would crop an image away, or Crop is out of range or with Pad.
func (a Augment) Validate(shape Shape) error {
	if a.Pad < 0 || a.Pad >= min(shape.Height, shape.Width) {
		return errors.Errorf("augmentation: padding %d, want 0 to %d for images of %dx%d", a.Pad, min(shape.Height, shape.Width)-1, shape.Height, shape.Width)
	}
	if a.Pad > 0 && a.Crop != (RandomCrop{}) {
		return errors.Errorf("augmentation: padding %d and a resized crop, want only one of them", a.Pad)
	}
	return a.Crop.Validate()
}

// validate returns an error if the dataset's images cannot be changed so.
func (a Augment) validate(d Dataset) error {
	if _, ok := d.(Pictures); !ok && a.Crop != (RandomCrop{}) {
		return errors.Errorf("augmentation: images of dataset %s have one size, a resized crop needs pictures: pad instead", d.Name())
	}
	return a.Validate(d.Shape())
}

// image writes image i of the dataset to dst, changed as random says. original has room for one more image.
func (a Augment) image(d Dataset, i int, random *stream, original, dst []uint8) error {
	if a.Crop == (RandomCrop{}) {
		if err := d.Image(i, original); err != nil {
			return err
		}
		a.apply(a.draw(random), d.Shape(), original, dst)
		return nil
	}
	choose := func(width, height int) image.Rectangle { return a.Crop.draw(random, width, height) }
	if err := d.(Pictures).View(i, choose, dst); err != nil {
		return err
	}
	if a.Flip && random.oneIn(2) {
		shape := d.Shape()
		for row := shape.Width * shape.Channels; len(dst) >= row; dst = dst[row:] {
			mirror(dst[:row], shape.Channels)
		}
	}
	return nil
}

// change is what Augment drew for one image: where the crop begins in the padded image, and whether to mirror.
type change struct {
	top, left int // 0…2*Pad; both equal to Pad leave the image where it is
	flip      bool
}

func (a Augment) draw(random *stream) change {
	c := change{top: random.below(2*a.Pad + 1), left: random.below(2*a.Pad + 1)}
	c.flip = a.Flip && random.oneIn(2)
	return c
}

// apply writes the changed src to dst, both of the given shape and not overlapping.
func (a Augment) apply(c change, shape Shape, src, dst []uint8) {
	down, right := c.top-a.Pad, c.left-a.Pad // dst(y, x) = src(y+down, x+right)
	row := shape.Width * shape.Channels
	from := max(0, -right) * shape.Channels
	to := min(shape.Width, shape.Width-right) * shape.Channels
	for y := range shape.Height {
		out := dst[y*row : (y+1)*row]
		if y+down < 0 || y+down >= shape.Height {
			clear(out)
			continue
		}
		clear(out[:from])
		copy(out[from:to], src[(y+down)*row+from+right*shape.Channels:])
		clear(out[to:])
		if c.flip {
			mirror(out, shape.Channels)
		}
	}
}

// mirror reverses the pixels of a row in place.
func mirror(row []uint8, channels int) {
	if channels == 3 {
		mirrorRGB(row)
		return
	}
	for i, j := 0, len(row)-channels; i < j; i, j = i+channels, j-channels {
		for c := range channels {
			row[i+c], row[j+c] = row[j+c], row[i+c]
		}
	}
}

func mirrorRGB(row []uint8) {
	for len(row) >= 6 {
		n := len(row)
		row[0], row[1], row[2], row[n-3], row[n-2], row[n-1] = row[n-3], row[n-2], row[n-1], row[0], row[1], row[2]
		row = row[3 : n-3]
	}
}
