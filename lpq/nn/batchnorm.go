package nn

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	. "github.com/gomlx/gomlx/support/exceptions"
)

// PyTorch's defaults for BatchNorm2d; torchvision's networks were trained with them.
const (
	defaultEpsilon  = 1e-5
	defaultMomentum = 0.1 // weight of the batch in the running statistics
)

// BatchNormBuilder configures batch normalization. Finish it with Done.
type BatchNormBuilder struct {
	scope             *model.Scope
	x                 *Node
	epsilon, momentum float64
}

// BatchNorm is batch normalization over all axes but the last, as PyTorch's BatchNorm2d computes it.
func BatchNorm(scope *model.Scope, x *Node) *BatchNormBuilder {
	return &BatchNormBuilder{scope: scope, x: x, epsilon: defaultEpsilon, momentum: defaultMomentum}
}

// Epsilon is added to the variance. Default 1e-5.
func (b *BatchNormBuilder) Epsilon(e float64) *BatchNormBuilder { b.epsilon = e; return b }

// Momentum is the weight of a batch in the running statistics. Default 0.1, PyTorch's (Keras would call it 0.9).
func (b *BatchNormBuilder) Momentum(m float64) *BatchNormBuilder { b.momentum = m; return b }

// Done builds it: y = weight * (x - mean) / sqrt(variance + epsilon) + bias, per channel (last axis).
//
// In training, mean and (biased) variance are the batch's, the gradient flows through them, and the running statistics are
// updated, the variance with the unbiased estimate; otherwise they are the running ones. Variables, all [channels]: weight,
// bias (trainable), running_mean, running_var.
// It panics if x has fewer than two axes.
func (b *BatchNormBuilder) Done() *Node {
	if b.x.Rank() < 2 {
		Panicf("nn.BatchNorm: %s: got input %s, want [batch, ..., channels]", b.scope.Scope(), b.x.Shape())
	}
	g := b.x.Graph()
	channels := b.x.Shape().Dimensions[b.x.Rank()-1]
	weight := b.scope.VariableWithValue("weight", constant(channels, 1)).NodeValue(g)
	bias := b.scope.VariableWithValue("bias", constant(channels, 0)).NodeValue(g)
	runningMean := b.scope.VariableWithValue("running_mean", constant(channels, 0)).SetTrainable(false)
	runningVar := b.scope.VariableWithValue("running_var", constant(channels, 1)).SetTrainable(false)

	mean, variance := runningMean.NodeValue(g), runningVar.NodeValue(g)
	momentum := runOf(b.scope, g).StatisticsMomentum
	if momentum == nil && b.scope.IsTraining(g) {
		momentum = Scalar(g, b.x.DType(), b.momentum)
	}
	if momentum != nil {
		batchMean, batchVariance := moments(b.x)
		n := float64(b.x.Shape().Size() / channels)
		unbiased := MulScalar(batchVariance, n/max(n-1, 1))
		runningMean.SetNodeValue(mix(mean, batchMean, momentum))
		runningVar.SetNodeValue(mix(variance, unbiased, momentum))
		mean, variance = batchMean, batchVariance
	}
	scale := Div(weight, Sqrt(AddScalar(variance, b.epsilon)))
	shift := Sub(bias, Mul(mean, scale))
	return affine(b.x, scale, shift)
}

// moments is the mean and the biased variance of x over all axes but the last, each [channels].
//
// It is computed in one pass, as the mean of squares minus the square of the mean, of the distances from the first values.
// Of x itself, a mean far from zero would leave few digits of the variance (Chan, Golub, LeVeque 1983, "Algorithms for computing the
// sample variance", section 2).
func moments(x *Node) (mean, variance *Node) {
	axes, first := make([]int, x.Rank()-1), StopGradient(x) // the result does not depend on where distances are taken from
	for i := range axes {
		axes[i] = i
		first = SliceAxis(first, i, AxisElem(0))
	}
	distance := Sub(x, first)
	meanDistance := ReduceMean(distance, axes...)
	variance = MaxScalar(Sub(ReduceMean(Square(distance), axes...), Square(meanDistance)), 0)
	return Add(Reshape(first, -1), meanDistance), variance
}

// affine is x*scale + shift with scale and shift [channels] along x's last axis.
func affine(x, scale, shift *Node) *Node {
	return Add(Mul(x, ExpandLeftToRank(scale, x.Rank())), ExpandLeftToRank(shift, x.Rank()))
}

// mix moves the running value towards the batch's: (1-momentum)*running + momentum*batch, outside of any gradient.
func mix(running, batch, momentum *Node) *Node {
	return Add(Mul(running, OneMinus(momentum)), Mul(StopGradient(batch), momentum))
}

func constant(n int, value float32) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = value
	}
	return out
}
