package data

import "github.com/pkg/errors"

// Augment changes training images at random as the baselines of CIFAR-10 were trained; its zero value changes nothing.
// Pad and Flip together are torchvision's RandomCrop(32, padding=4) and RandomHorizontalFlip: first the crop, then the flip.
type Augment struct {
	Pad  int  `json:"pad,omitempty"`  // pixels of black (0) on every side, before a crop back to the image's own size at a random place; 0: no crop
	Flip bool `json:"flip,omitempty"` // mirror left to right with probability 1/2
}

// CIFARAugment is the usual augmentation of 32x32 images: He et al., arXiv:1512.03385, section 4.2.
var CIFARAugment = Augment{Pad: 4, Flip: true}

// Validate returns an error if Pad is negative or would crop an image away.
func (a Augment) Validate(shape Shape) error {
	if a.Pad < 0 || a.Pad >= min(shape.Height, shape.Width) {
		return errors.Errorf("augmentation: padding %d, want 0 to %d for images of %dx%d", a.Pad, min(shape.Height, shape.Width)-1, shape.Height, shape.Width)
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
