package nn

import (
	"hash/fnv"
	"math"
	"math/rand/v2"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	. "github.com/gomlx/gomlx/support/exceptions"

	"github.com/lowprec/lpnets/lpq/quant"
)

// weight returns a layer's weights as the layer is to use them: quantized where the scheme says so. uses is Weight.Uses.
func weight(scope *model.Scope, g *Graph, edge bool, uses int, dims ...int) *Node {
	run := runOf(scope, g)
	if scope.GetVariable("weight") == nil && !run.ShapesOnly {
		// A value, not GoMLX's initializer: that would compile all weights into a program, minutes for the largest networks.
		scope.VariableWithValue("weight", heNormal(model.GetParamOr(scope, ParamSeed, int64(0)), scope.Scope(), dims))
	}
	v := scope.VariableWithShape("weight", shapes.Make(dtypes.Float32, dims...))
	w := v.NodeValue(g)
	probed := Weight{Path: v.Path(), Value: w, Edge: edge, Uses: uses}
	if bits := run.Scheme.Weights(edge); bits != quant.Float {
		probed.Exponent = quant.WeightExponent(w, bits, run.Scheme.WeightRule, run.Scheme.Granularity)
		w = quant.FakeQuantizeWeight(w, bits, probed.Exponent)
	}
	if run.Probe != nil {
		run.Probe.Weights = append(run.Probe.Weights, probed)
	}
	return w
}

// bias returns a layer's biases, [n], zero at first. They stay float.
func bias(scope *model.Scope, g *Graph, n int) *Node {
	return scope.VariableWithValue("bias", make([]float32, n)).NodeValue(g)
}

// heNormal draws weights [..., out] with variance 2/fan_in (He et al., arXiv:1502.01852), from a seed and the layer's path:
// the same on every backend, whatever other layers there are.
func heNormal(seed int64, path string, dims []int) *tensors.Tensor {
	h := fnv.New64a()
	h.Write([]byte(path)) // a hash's Write returns no error
	rng := rand.New(rand.NewPCG(uint64(seed), h.Sum64()))
	size := 1
	for _, d := range dims {
		size *= d
	}
	values := make([]float32, size)
	sigma := math.Sqrt(2 * float64(dims[len(dims)-1]) / float64(size))
	for i := range values {
		values[i] = float32(rng.NormFloat64() * sigma)
	}
	return tensors.FromFlatDataAndDimensions(values, dims...)
}

// ConvBuilder configures a two-dimensional convolution. Finish it with Done.
type ConvBuilder struct {
	scope                      *model.Scope
	x                          *Node
	kernel                     [2]int // height, width
	channels, strides, padding int
	groups                     int
	padSame, bias, edge        bool
}

// Conv is a convolution of x [batch, height, width, in]. Defaults: kernel 1, stride 1, no padding, one group, no bias (batch
// normalization follows), a hidden layer. Channels must be set.
func Conv(scope *model.Scope, x *Node) *ConvBuilder {
	return &ConvBuilder{scope: scope, x: x, kernel: [2]int{1, 1}, strides: 1, groups: 1}
}

// Channels is the number of output channels.
func (b *ConvBuilder) Channels(n int) *ConvBuilder { b.channels = n; return b }

// Kernel is the kernel's height and width. Default 1.
func (b *ConvBuilder) Kernel(size int) *ConvBuilder { return b.KernelSides(size, size) }

// KernelSides is Kernel with a height and a width of its own.
func (b *ConvBuilder) KernelSides(height, width int) *ConvBuilder {
	b.kernel = [2]int{height, width}
	return b
}

// Strides is the step in both directions. Default 1.
func (b *ConvBuilder) Strides(n int) *ConvBuilder { b.strides = n; return b }

// Padding adds n rows and columns of zeros on every side, as PyTorch's padding=n. Default 0.
func (b *ConvBuilder) Padding(n int) *ConvBuilder { b.padding = n; return b }

// PadSame pads with zeros as TensorFlow's SAME does, instead of Padding: the output has ceil(size/strides) rows and columns, and of an odd
// number of zeros the larger half comes behind. With stride 1 and odd kernels that is PyTorch's padding=kernel//2.
func (b *ConvBuilder) PadSame() *ConvBuilder { b.padSame = true; return b }

// Groups splits the channels into n independent convolutions; n = in is a depthwise one. Default 1.
func (b *ConvBuilder) Groups(n int) *ConvBuilder { b.groups = n; return b }

// Bias adds a bias per output channel. Default: none.
func (b *ConvBuilder) Bias() *ConvBuilder { b.bias = true; return b }

// Edge marks the network's first layer, whose weights have the scheme's EdgeBits. Default: a hidden layer.
func (b *ConvBuilder) Edge() *ConvBuilder { b.edge = true; return b }

// Done builds it: [batch, height, width, in] -> [batch, height', width', channels], with
// height' = (height + 2*padding - kernel)/strides + 1. Variables: weight [kernel, kernel, in/groups, channels], bias [channels].
// It panics if x is not of rank 4, the numbers of channels and groups do not fit, or no place is left for the kernel.
func (b *ConvBuilder) Done() *Node {
	b.check()
	g := b.x.Graph()
	dims := b.x.Shape().Dimensions
	padding, uses := [2][2]int{b.paddingOf(0), b.paddingOf(1)}, 1
	for axis, pad := range padding {
		uses *= (dims[1+axis]+pad[0]+pad[1]-b.kernel[axis])/b.strides + 1
	}
	w := weight(b.scope, g, b.edge, uses, b.kernel[0], b.kernel[1], dims[3]/b.groups, b.channels)
	y := b.convolve(w, padding)
	if b.bias {
		y = Add(y, Reshape(bias(b.scope, g, b.channels), 1, 1, 1, b.channels))
	}
	return y
}

// paddingOf is the number of zeros before and behind, of axis 0 (rows) or 1 (columns).
func (b *ConvBuilder) paddingOf(axis int) [2]int {
	if !b.padSame {
		return [2]int{b.padding, b.padding}
	}
	size := b.x.Shape().Dimensions[1+axis]
	out := (size + b.strides - 1) / b.strides
	total := max((out-1)*b.strides+b.kernel[axis]-size, 0)
	return [2]int{total / 2, total - total/2}
}

func (b *ConvBuilder) convolve(w *Node, padding [2][2]int) *Node {
	if in := b.x.Shape().Dimensions[3]; b.groups == in && b.channels == in && in > 1 {
		return depthwise(b.x, w, b.strides, padding)
	}
	w, padding = oddKernel(w, padding)
	conv := Convolve(b.x, w).Strides(b.strides).PaddingPerDim(padding[:])
	if b.groups > 1 {
		conv = conv.ChannelGroupCount(b.groups)
	}
	return conv.Done()
}

// oddKernel appends a row, a column of zeros to kernels with even sides, and to the image what they meet: GoMLX's gradient of a convolution with
// an even kernel is shifted by one pixel.
func oddKernel(w *Node, padding [2][2]int) (*Node, [2][2]int) {
	var added [2]PadAxis
	for axis := range padding {
		added[axis].End = 1 - w.Shape().Dimensions[axis]%2
		padding[axis][1] += added[axis].End
	}
	if added == [2]PadAxis{} {
		return w, padding
	}
	return Pad(w, ScalarZero(w.Graph(), w.DType()), added[0], added[1], PadAxis{}, PadAxis{}), padding
}

// check panics where the layer cannot be built.
func (b *ConvBuilder) check() {
	if b.x.Rank() != 4 {
		Panicf("nn.Conv: %s: got input %s, want [batch, height, width, channels]", b.scope.Scope(), b.x.Shape())
	}
	dims := b.x.Shape().Dimensions
	if in := dims[3]; b.channels <= 0 || b.groups <= 0 || in%b.groups != 0 || b.channels%b.groups != 0 {
		Panicf("nn.Conv: %s: %d input channels, %d output channels, %d groups: want positive multiples of groups",
			b.scope.Scope(), in, b.channels, b.groups)
	}
	fits := b.strides > 0 && b.padding >= 0 && (b.padding == 0 || !b.padSame)
	for axis, k := range b.kernel {
		fits = fits && k > 0 && (b.padSame || k <= dims[1+axis]+2*b.padding)
	}
	if !fits {
		Panicf("nn.Conv: %s: kernel %d, strides %d, padding %d (SAME: %v) on an input %s: want a kernel that fits into the padded image",
			b.scope.Scope(), b.kernel, b.strides, b.padding, b.padSame, b.x.Shape())
	}
}

// DenseBuilder configures a fully connected layer. Finish it with Done.
type DenseBuilder struct {
	scope        *model.Scope
	x            *Node
	units        int
	noBias, edge bool
}

// Dense is x*W + b for x [batch, in]. Defaults: with bias, a hidden layer. Units must be set.
func Dense(scope *model.Scope, x *Node) *DenseBuilder { return &DenseBuilder{scope: scope, x: x} }

// Units is the number of outputs.
func (b *DenseBuilder) Units(n int) *DenseBuilder { b.units = n; return b }

// NoBias leaves the bias out. Default: with bias.
func (b *DenseBuilder) NoBias() *DenseBuilder { b.noBias = true; return b }

// Edge marks the network's last layer, whose weights have the scheme's EdgeBits. Default: a hidden layer.
func (b *DenseBuilder) Edge() *DenseBuilder { b.edge = true; return b }

// Done builds it: [batch, in] -> [batch, units]. Variables: weight [in, units], bias [units]; both as they are in the file of a
// PyTorch network, the weight transposed. It panics if x is not of rank 2 or Units was not set.
func (b *DenseBuilder) Done() *Node {
	if b.x.Rank() != 2 || b.units <= 0 {
		Panicf("nn.Dense: %s: got input %s and %d units, want [batch, in] and at least one unit",
			b.scope.Scope(), b.x.Shape(), b.units)
	}
	g := b.x.Graph()
	y := Dot(b.x, weight(b.scope, g, b.edge, 1, b.x.Shape().Dimensions[1], b.units)).Product()
	if !b.noBias {
		y = Add(y, Reshape(bias(b.scope, g, b.units), 1, b.units))
	}
	return y
}
