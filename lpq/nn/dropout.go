package nn

import (
	"hash/fnv"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	. "github.com/gomlx/gomlx/support/exceptions"
)

// DropoutBuilder configures dropout. Finish it with Done.
type DropoutBuilder struct {
	scope    *model.Scope
	x        *Node
	rate     float64
	perImage bool
}

// Dropout sets values to zero with probability rate, while training, and divides the others by 1-rate; otherwise it is x. That quotient may
// leave the grid of quantized values.
//
// Which values are dropped follows from the batch that the network was given (Run.Input; without one, from x) and from the scope: there is no
// state to save, a step repeated drops the same, on every engine, and so do two precisions that are compared on one batch.
func Dropout(scope *model.Scope, x *Node, rate float64) *DropoutBuilder {
	return &DropoutBuilder{scope: scope, x: x, rate: rate}
}

// PerImage keeps or drops whole images of the batch (stochastic depth, Huang et al., arXiv:1603.09382). Default: single values.
func (b *DropoutBuilder) PerImage() *DropoutBuilder { b.perImage = true; return b }

// Done builds it and returns a tensor of x's shape. It panics if the rate is not in [0, 1).
func (b *DropoutBuilder) Done() *Node {
	if !(b.rate >= 0 && b.rate < 1) {
		Panicf("nn.Dropout: %s: rate %v; want 0 or more, less than 1", b.scope.Scope(), b.rate)
	}
	g := b.x.Graph()
	if b.rate == 0 || !b.scope.IsTraining(g) {
		return b.x
	}
	dims := b.x.Shape().Clone().Dimensions
	if b.perImage {
		for axis := 1; axis < len(dims); axis++ {
			dims[axis] = 1
		}
	}
	kept := GreaterOrEqual(b.noise(dims), Scalar(g, dtypes.Uint32, uint32(b.rate*(1<<32))))
	scaled := DivScalar(b.x, 1-b.rate)
	return Where(BroadcastToDims(kept, b.x.Shape().Dimensions...), scaled, ZerosLike(scaled))
}

// noise is uniform random words, uint32: a hash of each place's number, the batch and the scope.
func (b *DropoutBuilder) noise(dims []int) *Node {
	g, shape := b.x.Graph(), shapes.Make(dtypes.Uint32, dims...)
	seed := runOf(b.scope, g).Input
	if seed == nil {
		seed = b.x
	}
	if seed.DType() == dtypes.Float32 {
		seed = Bitcast(StopGradient(seed), dtypes.Uint32)
	}
	seed = ConvertDType(seed, dtypes.Uint32)
	// Hashed together with its place, so that the order of values counts.
	places := Iota(g, shapes.Make(dtypes.Uint32, seed.Shape().Size()), 0)
	seed = ReduceAllSum(scramble(Add(scramble(places), Reshape(seed, -1))))
	h := fnv.New32a()
	h.Write([]byte(b.scope.Scope())) // a hash's Write returns no error
	seed = Add(seed, Scalar(g, dtypes.Uint32, h.Sum32()))
	places = Iota(g, shapes.Make(dtypes.Uint32, shape.Size()), 0)
	return Reshape(scramble(Add(scramble(places), seed)), dims...)
}

// scramble is MurmurHash3's finalizer: every bit of the result depends on every bit of x, uint32.
func scramble(x *Node) *Node {
	word := func(v uint32) *Node { return Scalar(x.Graph(), dtypes.Uint32, v) }
	x = Mul(BitwiseXor(x, BitwiseShiftRightLogicalScalar(x, 16)), word(0x85ebca6b))
	x = Mul(BitwiseXor(x, BitwiseShiftRightLogicalScalar(x, 13)), word(0xc2b2ae35))
	return BitwiseXor(x, BitwiseShiftRightLogicalScalar(x, 16))
}
