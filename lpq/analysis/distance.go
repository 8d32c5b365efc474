package analysis

import (
	"math"
	"strings"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/weights"
)

// notTrained ends the names of PyTorch's buffers: what a network keeps beside what an optimizer changes.
var notTrained = []string{"running_mean", "running_var", "num_batches_tracked"}

func trained(t weights.Tensor) bool {
	for _, suffix := range notTrained {
		if strings.HasSuffix(t.Name, suffix) {
			return false
		}
	}
	return true
}

// SquaredDistance is ||x0 - x*||^2, the sum of squared differences of all trained tensors of two networks: weights, biases, and
// batch normalization without its running statistics. Its square root is how far an optimizer has come, or has to go.
//
// It returns an error if a tensor is in one of the networks only, or shapes differ. It is NaN if a value is NaN.
func SquaredDistance(a, b *weights.File) (float64, error) {
	pairs, err := pairUp(a, b, "tensor", trained)
	if err != nil {
		return 0, err
	}
	if len(pairs) == 0 {
		return 0, errors.New("comparing weights: there are none")
	}
	var sum float64
	for _, p := range pairs {
		for i := range p.a {
			d := float64(p.a[i]) - float64(p.b[i])
			sum += d * d
		}
	}
	return sum, nil
}

// Bound has the quantities on which the number of iterations of stochastic gradient descent depends ("FAQ", section 1).
type Bound struct {
	// Variance, sigma^2, is the largest variance of the gradient estimates on the way: the trace of the covariance of the gradient of a
	// batch, as LayerNoise.Variance of Noise.Total with GradientOptions.All. It falls as one over the size of the batch.
	Variance float64
	// Smoothness, L, is the Lipschitz constant of the gradient: ||grad(x) - grad(y)|| <= L * ||x - y||. The theory has it for a convex loss;
	// for a network it is an estimate, or one for all that is compared.
	Smoothness float64
	// SquaredDistance, ||x0 - x*||^2, is that of the start from the solution: of the same parameters as Variance.
	SquaredDistance float64
	// Epsilon is the training error that is to be reached: loss above the least possible, in nats.
	Epsilon float64
}

// Iterations is (sigma^2 + L * ||x0 - x*||^2)^2 / eps^2, an order of magnitude without its constant: ratios of two bounds mean
// something, one alone does not.
//
// It returns an error that names the quantity that is negative or not finite, or an Epsilon of zero.
func (b Bound) Iterations() (float64, error) {
	for _, q := range []struct {
		name  string
		value float64
	}{{"variance", b.Variance}, {"smoothness", b.Smoothness}, {"squared distance", b.SquaredDistance}, {"epsilon", b.Epsilon}} {
		if !(q.value >= 0) || math.IsInf(q.value, 1) {
			return 0, errors.Errorf("bound of iterations: %s %v; want a finite number, not negative", q.name, q.value)
		}
	}
	if b.Epsilon == 0 {
		return 0, errors.New("bound of iterations: an error of 0 is never reached; want a positive epsilon")
	}
	ratio := (b.Variance + b.Smoothness*b.SquaredDistance) / b.Epsilon
	return ratio * ratio, nil
}
