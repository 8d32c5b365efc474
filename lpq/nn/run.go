package nn

import (
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	. "github.com/gomlx/gomlx/support/exceptions"

	"github.com/lowprec/lpnets/lpq/quant"
)

// ParamScheme is the store's parameter (a quant.Scheme; default: not quantized) that the layers follow in a graph without a Run.
const ParamScheme = "lpq_scheme"

// ParamSeed is the store's parameter (an int64, default 0) that initial random weights depend on.
const ParamSeed = "lpq_seed"

// Run says how one graph of a network is built. Attach it before the first layer.
type Run struct {
	// Scheme is the precision of weights and activations.
	Scheme quant.Scheme
	// Probe, where set, is told of every weight and activation.
	Probe *Probe
	// StatisticsMomentum, where set, makes batch normalization use the batch's statistics, as in training, and mix
	// them into the running ones with this weight (scalar, float32), instead of PyTorch's 0.1.
	StatisticsMomentum *Node
	// Input, where set, is the batch that the network was given: what Dropout drops depends on it.
	Input *Node
	// ShapesOnly declares weights without drawing initial values: the graph is looked at, not run.
	ShapesOnly bool

	auxiliaries []auxiliary
}

type runKey struct{}

// Attach makes the layers built into g from now on follow r.
func (r *Run) Attach(g *Graph) { g.AttachState(runKey{}, r) }

// runOf is the Run attached to the graph, or one made from the store's parameters.
func runOf(scope *model.Scope, g *Graph) *Run {
	if r, ok := g.State(runKey{}).(*Run); ok {
		return r
	}
	return &Run{Scheme: model.GetParamOr(scope, ParamScheme, quant.Scheme{})}
}

// Probe collects the quantizable tensors of a graph while it is built, in the order of the layers.
type Probe struct {
	Activations []Activation
	Weights     []Weight
}

// add takes in an activation. Quantizers that share an exponent are one activation, whose value is [batch, values of all of them].
// It panics if one of them is signed or at the edge and another is not.
func (p *Probe) add(a Activation) {
	i := slices.IndexFunc(p.Activations, func(b Activation) bool { return b.Path == a.Path })
	if i < 0 {
		p.Activations = append(p.Activations, a)
		return
	}
	shared := &p.Activations[i]
	if shared.Signed != a.Signed || shared.Edge != a.Edge {
		Panicf("nn: %s: two quantizers share it, and Signed() or Edge() is set for one only", a.Path)
	}
	rows := func(x *Node) *Node { return Reshape(x, x.Shape().Dimensions[0], -1) }
	shared.Value = Concatenate([]*Node{rows(shared.Value), rows(a.Value)}, 1)
}

// Activation is a place where a network's activations are quantized.
type Activation struct {
	Path   string // of the quantizer's scope
	Value  *Node  // before quantization, after the nonlinearity
	Signed bool   // may be negative
	Edge   bool   // the input image, the input of the last layer, or values that no weights multiply
}

// Weight is a layer's weights.
type Weight struct {
	Path     string // of the variable
	Value    *Node  // the float master weights
	Edge     bool   // belongs to the first or the last layer
	Exponent *Node  // the exponent in use; nil where the weights stay float
	Uses     int    // by how many values each of them is multiplied for one image: a convolution's output places, 1 in a dense layer
}
