package raster

import (
	"image"
	"slices"
	"sync"

	"github.com/pkg/errors"
)

// Resize resizes a part of src to width x height and writes the window of the result, [window.Dy(), window.Dx(), 3], to dst. It gives what PIL's
// src.crop(part).resize((width, height), filter).crop(window) gives, in PIL's arithmetic: across first, rounded to 8 bits, then down.
//
// It returns an error if part or window lie outside, a side is not positive, or dst is too short.
func Resize(dst []uint8, window image.Rectangle, src *RGB, part image.Rectangle, width, height int, filter Filter) error {
	if err := src.check(part); err != nil {
		return err
	}
	if err := filter.Validate(); err != nil {
		return err
	}
	if window.Empty() || !window.In(image.Rect(0, 0, width, height)) || len(dst) < 3*window.Dx()*window.Dy() {
		return errors.Errorf("no window %v of a picture of %dx%d in %d bytes", window, width, height, len(dst))
	}
	across := findAxis(axisKey{part.Dx(), width, window.Min.X, window.Max.X, filter})
	down := findAxis(axisKey{part.Dy(), height, window.Min.Y, window.Max.Y, filter})
	stride := 3 * window.Dx()
	if down == nil {
		part.Min.Y, part.Max.Y = part.Min.Y+window.Min.Y, part.Min.Y+window.Max.Y
		resizeRows(dst, stride, window.Min.X, src, part, across)
		return nil
	}
	from, to := down.reach()
	part.Min.Y, part.Max.Y = part.Min.Y+from, part.Min.Y+to
	buffer := scratch.Get().(*[]uint8)
	defer scratch.Put(buffer)
	*buffer = slices.Grow((*buffer)[:0], stride*part.Dy())
	rows := (*buffer)[:stride*part.Dy()]
	resizeRows(rows, stride, window.Min.X, src, part, across)
	for y := range window.Dy() {
		first, weights := down.at(y)
		mixRows(dst[y*stride:(y+1)*stride], rows[(first-from)*stride:], weights)
	}
	return nil
}

// scratch has buffers for rows between the passes.
var scratch = sync.Pool{New: func() any { return new([]uint8) }}

// resizeRows writes the rows of a part of src, of which the first pixels are left out or which are resized, to rows of dst.
func resizeRows(dst []uint8, stride, left int, src *RGB, part image.Rectangle, across *axis) {
	for y := range part.Dy() {
		in := src.row(part.Min.Y + y)[3*part.Min.X : 3*part.Max.X]
		out := dst[y*stride : (y+1)*stride]
		if across == nil {
			copy(out, in[3*left:])
		} else {
			across.mixPixels(out, in)
		}
	}
}
