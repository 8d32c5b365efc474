package data

import (
	"bytes"
	"fmt"
	"testing"
)

// slowAugment is RandomCrop and RandomHorizontalFlip to the letter: a padded copy, a crop of it, a mirrored copy of that.
func slowAugment(a Augment, c change, shape Shape, src []uint8) []uint8 {
	at := func(image []uint8, width, y, x, channel int) *uint8 {
		return &image[(y*width+x)*shape.Channels+channel]
	}
	wide, high := shape.Width+2*a.Pad, shape.Height+2*a.Pad
	padded := make([]uint8, wide*high*shape.Channels)
	cropped, flipped := make([]uint8, shape.Size()), make([]uint8, shape.Size())
	for channel := range shape.Channels {
		for y := range shape.Height {
			for x := range shape.Width {
				*at(padded, wide, y+a.Pad, x+a.Pad, channel) = *at(src, shape.Width, y, x, channel)
			}
		}
		for y := range shape.Height {
			for x := range shape.Width {
				*at(cropped, shape.Width, y, x, channel) = *at(padded, wide, y+c.top, x+c.left, channel)
			}
		}
		for y := range shape.Height {
			for x := range shape.Width {
				*at(flipped, shape.Width, y, x, channel) = *at(cropped, shape.Width, y, shape.Width-1-x, channel)
			}
		}
	}
	if c.flip {
		return flipped
	}
	return cropped
}

func TestApplyEqualsPaddingThenCropThenFlip(t *testing.T) {
	for _, shape := range []Shape{{32, 32, 3}, {6, 5, 3}, {5, 6, 1}, {7, 4, 4}} {
		src := make([]uint8, shape.Size())
		for i := range src {
			src[i] = uint8(i*7 + i/256 + 1)
		}
		for pad := range 4 {
			a := Augment{Pad: pad, Flip: true}
			for top := range 2*pad + 1 {
				for left := range 2*pad + 1 {
					for _, flip := range []bool{false, true} {
						c := change{top, left, flip}
						dst := bytes.Repeat([]uint8{99}, shape.Size())
						a.apply(c, shape, src, dst)
						if !bytes.Equal(dst, slowAugment(a, c, shape, src)) {
							t.Fatalf("%+v, %+v, %+v differs from the reference", shape, a, c)
						}
					}
				}
			}
		}
	}
}

// All of 81 places and both directions are equally likely, as in torchvision.
func TestDrawIsUniform(t *testing.T) {
	const draws = 162 * 100
	counts := map[change]int{}
	for i := range draws {
		random := newStream(3, purposeAugment, 1, uint64(i))
		counts[Augment{Pad: 4, Flip: true}.draw(&random)]++
	}
	if len(counts) != 162 {
		t.Errorf("got %d changes, want 9*9*2", len(counts))
	}
	for c, n := range counts {
		if n < 50 || n > 150 {
			t.Errorf("%+v: drawn %d times of %d, want about 100", c, n, draws)
		}
	}
}

func TestZeroAugmentChangesNothing(t *testing.T) {
	for i := range 100 {
		random := newStream(3, purposeAugment, 0, uint64(i))
		if c := (Augment{}).draw(&random); c != (change{}) {
			t.Fatalf("drew %+v", c)
		}
	}
}

func TestAugmentValidate(t *testing.T) {
	for _, tc := range []struct {
		pad  int
		want bool
	}{{-1, false}, {0, true}, {7, true}, {8, false}} {
		t.Run(fmt.Sprint(tc.pad), func(t *testing.T) {
			if err := (Augment{Pad: tc.pad}).Validate(Shape{9, 8, 3}); (err == nil) != tc.want {
				t.Errorf("got error %v, want valid = %v", err, tc.want)
			}
		})
	}
}
