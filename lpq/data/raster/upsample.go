package raster

import "github.com/lowprec/lpnets/lpq/data/jpeg"

// upsampler brings a plane to the picture's resolution as libjpeg does by default ("fancy upsampling", jdsample.c [1]): where one sample
// covers two pixels, each pixel is 3/4 of its own sample and 1/4 of the one on its side, in integers, with a rounding that alternates. Where it
// covers four, samples are repeated.
//
// [1] libjpeg-turbo, jdsample.c: h2v1_fancy_upsample, h1v2_fancy_upsample, h2v2_fancy_upsample, int_upsample.
type upsampler struct {
	*jpeg.Plane
	width int     // of the picture
	sums  []int32 // 3*near + far of two rows
	out   []uint8 // a row of the picture, and some beyond its end
}

func newUpsampler(p *jpeg.Plane, width int) *upsampler {
	return &upsampler{p, width, make([]int32, p.Width), make([]uint8, p.Width*p.StepX)}
}

// row returns row y of the picture; it is valid until the next call.
func (u *upsampler) row(y int) []uint8 {
	smoothAcross := u.StepX == 2 && u.Width > 2 // libjpeg repeats the samples of narrower planes
	switch {
	case u.StepX == 1 && u.StepY == 1:
		return u.Row(y)
	case smoothAcross && u.StepY == 2:
		u.sum(y)
		u.acrossSums()
	case smoothAcross && u.StepY == 1:
		u.across(u.Row(y))
	case u.StepX == 1 && u.StepY == 2:
		u.sum(y)
		u.down(y)
	default:
		u.repeat(u.Row(y / u.StepY))
	}
	return u.out[:u.width]
}

// sum is 3/4 of the nearer row and 1/4 of the farther one, times 4. Rows beyond the picture's edges repeat the last.
func (u *upsampler) sum(y int) {
	near, far := y/2, y/2+1
	if y%2 == 0 {
		far = near - 1
	}
	a, b := u.Row(near), u.Row(min(max(far, 0), u.Height-1))
	sums := u.sums[:len(a)]
	b = b[:len(a)]
	for x := range sums {
		sums[x] = 3*int32(a[x]) + int32(b[x])
	}
}

// acrossSums is across for the sums of two rows.
func (u *upsampler) acrossSums() {
	sums, out := u.sums, u.out
	last := len(sums) - 1
	out[0], out[2*last+1] = uint8((4*sums[0]+8)>>4), uint8((4*sums[last]+7)>>4)
	out = out[1 : 2*last+1]
	left := sums[0]
	for x, right := range sums[1:] {
		pair := out[2*x : 2*x+2 : 2*x+2]
		pair[0], pair[1] = uint8((3*left+right+7)>>4), uint8((3*right+left+8)>>4)
		left = right
	}
}

// across spreads a row to twice its length.
func (u *upsampler) across(in []uint8) {
	out := u.out
	last := len(in) - 1
	out[0], out[2*last+1] = in[0], in[last]
	out = out[1 : 2*last+1]
	left := int32(in[0])
	for x, level := range in[1:] {
		right := int32(level)
		pair := out[2*x : 2*x+2 : 2*x+2]
		pair[0], pair[1] = uint8((3*left+right+2)>>2), uint8((3*right+left+1)>>2)
		left = right
	}
}

// down rounds the sums of two rows: a half goes down in even rows of the picture, up in odd ones.
func (u *upsampler) down(y int) {
	bias := int32(1 + y%2)
	for x, sum := range u.sums {
		u.out[x] = uint8((sum + bias) >> 2)
	}
}

func (u *upsampler) repeat(in []uint8) {
	for x, level := range in {
		for k := range u.StepX {
			u.out[x*u.StepX+k] = level
		}
	}
}
