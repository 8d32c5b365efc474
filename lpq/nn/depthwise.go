package nn

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// depthwise convolves every channel of x [batch, height, width, channels] with a kernel of its own, w [kh, kw, 1, channels].
//
//	y[h, v] = sum over i, j of x[h*strides + i - padding, v*strides + j - padding] * w[i, j]
//
// Written so, as products of shifted images, it is one loop on XLA's CPU backend, 7 to 40 times faster than its grouped convolution (3x3 and
// 5x5 kernels, 7x7 to 112x112 images, batch 4); and its gradient is too: GoMLX's of a grouped convolution is a convolution per channel.
func depthwise(x, w *Node, strides int, padding [2][2]int) *Node {
	kernel, size := w.Shape().Dimensions[:2], x.Shape().Dimensions[1:3]
	var span [2]int // from the first to the last pixel that meets the same weight
	for axis, pad := range padding {
		span[axis] = (size[axis]+pad[0]+pad[1]-kernel[axis])/strides*strides + 1
	}
	zero := ScalarZero(x.Graph(), x.DType())
	x = Pad(x, zero, PadAxis{}, padAxis(padding[0]), padAxis(padding[1]), PadAxis{})
	var y *Node
	for i := range kernel[0] {
		for j := range kernel[1] {
			rows, columns := AxisRange(i, i+span[0]).Stride(strides), AxisRange(j, j+span[1]).Stride(strides)
			product := Mul(Slice(x, AxisRange(), rows, columns, AxisRange()), Slice(w, AxisElem(i), AxisElem(j)))
			if y == nil {
				y = product
			} else {
				y = Add(y, product)
			}
		}
	}
	return y
}

func padAxis(zeros [2]int) PadAxis { return PadAxis{Start: zeros[0], End: zeros[1]} }
