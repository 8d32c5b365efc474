package models

import "slices"

// PyTorch keeps a convolution's weight as [out, in, height, width] and a dense layer's as [out, in]; here they are
// [height, width, in, out] and [in, out]. Everything else is the same in both.
var (
	toFile   = map[int][]int{2: {1, 0}, 4: {3, 2, 0, 1}} // axis i of the file is our axis toFile[rank][i]
	fromFile = map[int][]int{2: {1, 0}, 4: {2, 3, 1, 0}}
)

// fileShape is the shape in a weight file of one of our variables.
func fileShape(dims []int) []int { return permute(dims, toFile[len(dims)]) }

// toFileOrder rearranges one of our variables, of shape dims, as a weight file has it.
func toFileOrder(values []float32, dims []int) []float32 {
	return transpose(values, dims, toFile[len(dims)])
}

// fromFileOrder rearranges a weight file's tensor, of shape dims there, as our variable.
func fromFileOrder(values []float32, dims []int) []float32 {
	return transpose(values, dims, fromFile[len(dims)])
}

func permute(dims, axes []int) []int {
	if axes == nil {
		return slices.Clone(dims)
	}
	out := make([]int, len(dims))
	for i, axis := range axes {
		out[i] = dims[axis]
	}
	return out
}

// transpose returns values, row-major with shape dims, with axis i of the result being axis axes[i]; nil axes change nothing.
func transpose(values []float32, dims, axes []int) []float32 {
	if axes == nil {
		return values
	}
	strides := make([]int, len(dims))
	for i, stride := len(dims)-1, 1; i >= 0; i-- {
		strides[i] = stride
		stride *= dims[i]
	}
	outDims, outStrides := permute(dims, axes), permute(strides, axes)
	out := make([]float32, len(values))
	index := make([]int, len(dims))
	from := 0
	for to := range out {
		out[to] = values[from]
		for axis := len(index) - 1; axis >= 0; axis-- { // count up, last axis fastest
			index[axis]++
			from += outStrides[axis]
			if index[axis] < outDims[axis] {
				break
			}
			from -= index[axis] * outStrides[axis]
			index[axis] = 0
		}
	}
	return out
}
