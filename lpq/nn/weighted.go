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

// weight returns a layer's weights as the layer is to use them: quantized where the scheme says so.
func weight(scope *model.Scope, g *Graph, edge bool, dims ...int) *Node {
	run := runOf(scope, g)
	seed := model.GetParamOr(scope, ParamSeed, int64(0))
	v := scope.WithInitializer(heNormal(seed, scope.Scope())).VariableWithShape("weight", shapes.Make(dtypes.Float32, dims...))
	w := v.NodeValue(g)
	probed := Weight{Path: v.Path(), Value: w, Edge: edge}
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
func heNormal(seed int64, path string) model.VariableInitializer {
	return func(g *Graph, shape shapes.Shape) *Node {
		h := fnv.New64a()
		h.Write([]byte(path)) // a hash's Write returns no error
		rng := rand.New(rand.NewPCG(uint64(seed), h.Sum64()))
		values := make([]float32, shape.Size())
		sigma := math.Sqrt(2 * float64(shape.Dimensions[shape.Rank()-1]) / float64(shape.Size()))
		for i := range values {
			values[i] = float32(rng.NormFloat64() * sigma)
		}
		return Const(g, tensors.FromFlatDataAndDimensions(values, shape.Dimensions...))
	}
}

// ConvBuilder configures a two-dimensional convolution. Finish it with Done.
type ConvBuilder struct {
	scope                     *model.Scope
	x                         *Node
	channels, kernel, strides int
	padding, groups           int
	bias, edge                bool
}

// Conv is a convolution of x [batch, height, width, in] with square kernels. Defaults: kernel 1, stride 1, no padding, one
// group, no bias (batch normalization follows), a hidden layer. Channels must be set.
func Conv(scope *model.Scope, x *Node) *ConvBuilder {
	return &ConvBuilder{scope: scope, x: x, kernel: 1, strides: 1, groups: 1}
}

// Channels is the number of output channels.
func (b *ConvBuilder) Channels(n int) *ConvBuilder { b.channels = n; return b }

// Kernel is the kernel's height and width. Default 1.
func (b *ConvBuilder) Kernel(size int) *ConvBuilder { b.kernel = size; return b }

// Strides is the step in both directions. Default 1.
func (b *ConvBuilder) Strides(n int) *ConvBuilder { b.strides = n; return b }

// Padding adds n rows and columns of zeros on every side, as PyTorch's padding=n. Default 0.
func (b *ConvBuilder) Padding(n int) *ConvBuilder { b.padding = n; return b }

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
	w := weight(b.scope, g, b.edge, b.kernel, b.kernel, b.x.Shape().Dimensions[3]/b.groups, b.channels)
	pad := [2]int{b.padding, b.padding}
	conv := Convolve(b.x, w).Strides(b.strides).PaddingPerDim([][2]int{pad, pad})
	if b.groups > 1 {
		conv = conv.ChannelGroupCount(b.groups)
	}
	y := conv.Done()
	if b.bias {
		y = Add(y, Reshape(bias(b.scope, g, b.channels), 1, 1, 1, b.channels))
	}
	return y
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
	if b.kernel <= 0 || b.strides <= 0 || b.padding < 0 || b.kernel > min(dims[1], dims[2])+2*b.padding {
		Panicf("nn.Conv: %s: kernel %d, strides %d, padding %d on an input %s: want a kernel that fits into the padded image",
			b.scope.Scope(), b.kernel, b.strides, b.padding, b.x.Shape())
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
	y := Dot(b.x, weight(b.scope, g, b.edge, b.x.Shape().Dimensions[1], b.units)).Product()
	if !b.noBias {
		y = Add(y, Reshape(bias(b.scope, g, b.units), 1, b.units))
	}
	return y
}
