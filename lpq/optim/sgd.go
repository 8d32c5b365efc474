package optim

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
	. "github.com/gomlx/gomlx/support/exceptions"
)

// stateScope is where the optimizer keeps its momenta: /optimizers/sgd/<path of the variable>.
const stateScope = "sgd"

// SGD is torch.optim.SGD. With gradient g of a weight w, learning rate lr and velocity v, zero at first:
//
//	g += WeightDecay * w
//	v  = Momentum * v + g
//	w -= lr * (g + Momentum*v)  with Nesterov, else lr * v
//
// All trainable variables decay, those of batch normalization too, as in PyTorch. The zero value is plain gradient descent.
type SGD struct {
	Momentum    float64
	WeightDecay float64
	Nesterov    bool
}

var _ optimizer.Interface = SGD{}

// Step updates, in the graph of loss (a scalar), every trainable variable that the graph uses, with the learning rate lr (a scalar).
func (s SGD) Step(scope *model.Scope, loss, lr *Node) {
	g := loss.Graph()
	if !loss.IsScalar() || !lr.IsScalar() {
		Panicf("optim.SGD: got a loss %s and a learning rate %s, want scalars", loss.Shape(), lr.Shape())
	}
	root := scope.Store().RootScope()
	var variables []*model.Variable
	for v := range root.IterVariables() {
		if v.Trainable && v.InUseByGraph(g) {
			variables = append(variables, v)
		}
	}
	weights := make([]*Node, len(variables))
	for i, v := range variables {
		weights[i] = v.NodeValue(g)
	}
	for i, gradient := range Gradient(loss, weights...) {
		s.update(scope, variables[i], weights[i], gradient, lr)
	}
}

func (s SGD) update(scope *model.Scope, v *model.Variable, w, gradient, lr *Node) {
	if s.WeightDecay != 0 {
		gradient = Add(gradient, MulScalar(w, s.WeightDecay))
	}
	step := gradient
	if s.Momentum != 0 {
		state := scope.Store().VariableWithShape(VelocityPath(v.Path()), v.Shape(), Zeros).SetTrainable(false)
		velocity := Add(MulScalar(state.NodeValue(w.Graph()), s.Momentum), gradient)
		state.SetNodeValue(velocity)
		step = velocity
		if s.Nesterov {
			step = Add(gradient, MulScalar(velocity, s.Momentum))
		}
	}
	v.SetNodeValue(Sub(w, Mul(step, lr)))
}

// VelocityPath is where the velocity of the variable with that path is kept.
func VelocityPath(variable string) string {
	return model.ScopeSeparator + model.JoinPath(optimizer.Scope, stateScope, variable)
}

// UpdateGraph makes SGD an optimizer of GoMLX's trainer: the learning rate is the store's parameter "learning_rate"
// (default 0.01), and each call counts GoMLX's global step.
func (s SGD) UpdateGraph(scope *model.Scope, g *Graph, loss *Node) {
	const defaultRate = 0.01
	lr := optimizer.LearningRateVar(scope, loss.DType(), model.GetParamOr(scope, optimizer.ParamLearningRate, defaultRate))
	optimizer.IncrementGlobalStep(g, loss.DType())
	s.Step(scope, loss, lr.NodeValue(g))
}

// Clear deletes the velocities.
func (SGD) Clear(scope *model.Scope) error {
	return scope.Store().DeleteVariablesInScope(VelocityPath(""))
}
