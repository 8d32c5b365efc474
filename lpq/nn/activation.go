package nn

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	. "github.com/gomlx/gomlx/support/exceptions"

	"github.com/lowprec/lpnets/lpq/quant"
)

// Where an activation's exponent lies below the quantizer's scope.
const (
	quantScope      = "quant"
	actExponentName = "act_exponent"
)

// ExponentPath is the full path of the exponent variable of the activation quantizer with that scope path.
func ExponentPath(activation string) string {
	return model.JoinPath(activation, quantScope, actExponentName)
}

// ActivationBuilder configures an activation: a nonlinearity, or none, and the quantizer behind it. Finish it with Done.
type ActivationBuilder struct {
	scope        *model.Scope
	x            *Node
	kind         string // the constructor
	signed, edge bool
}

// Kinds of activations: the names of their constructors.
const (
	kindReLU     = "ReLU"
	kindReLU6    = "ReLU6"
	kindQuantize = "Quantize"
)

// ReLU is max(x, 0), then an unsigned quantizer. The quantizer's clip at code 0 is the ReLU: no operation is added for it.
func ReLU(scope *model.Scope, x *Node) *ActivationBuilder {
	return &ActivationBuilder{scope: scope, x: x, kind: kindReLU}
}

// ReLU6 is min(max(x, 0), 6), then an unsigned quantizer. The gradient is that of PyTorch's ReLU6: 1 where 0 < x < 6.
func ReLU6(scope *model.Scope, x *Node) *ActivationBuilder {
	return &ActivationBuilder{scope: scope, x: x, kind: kindReLU6}
}

// Quantize is a quantizer alone. Its codes are unsigned unless Signed is called: negative values become 0.
//
// Quantizers of one scope, which scope.At gives again, share one exponent, found from the values of all of them: tensors that are to be
// concatenated are then one tensor of integer codes.
func Quantize(scope *model.Scope, x *Node) *ActivationBuilder {
	return &ActivationBuilder{scope: scope, x: x, kind: kindQuantize}
}

// Signed gives the quantizer codes of both signs. Default: unsigned. Not for ReLU and ReLU6, which have no negative values.
func (b *ActivationBuilder) Signed() *ActivationBuilder { b.signed = true; return b }

// Edge marks the input image, the input of the network's last layer, or values that no weights multiply (features that are only added, averaged
// or normalized), which have the scheme's EdgeBits. Default: a hidden one.
func (b *ActivationBuilder) Edge() *ActivationBuilder { b.edge = true; return b }

// Done builds it and returns a tensor of x's shape.
//
// It panics if the scheme quantizes activations and this one has no exponent yet (the network was not calibrated).
func (b *ActivationBuilder) Done() *Node {
	g := b.x.Graph()
	run := runOf(b.scope, g)
	if b.kind != kindQuantize && b.signed {
		Panicf("nn.%s: %s: Signed() on values that are never negative", b.kind, b.scope.Scope())
	}
	if run.Probe != nil {
		run.Probe.add(Activation{Path: b.scope.Scope(), Value: b.float(), Signed: b.signed, Edge: b.edge})
	}
	bits := run.Scheme.Activations(b.edge)
	if bits == quant.Float {
		return b.float()
	}
	exponent := b.scope.Store().GetVariable(ExponentPath(b.scope.Scope()))
	if exponent == nil {
		Panicf("nn.%s: activation %s has no exponent: calibrate the network first", b.kind, b.scope.Scope())
	}
	x := b.x
	if b.kind == kindReLU6 {
		x = clip6(x)
	}
	return quant.FakeQuantize(x, bits, b.signed, exponent.SetTrainable(false).NodeValue(g))
}

// float is the activation without its quantizer.
func (b *ActivationBuilder) float() *Node {
	switch b.kind {
	case kindReLU:
		return quant.ReLU(b.x)
	case kindReLU6:
		return clip6(b.x)
	}
	return b.x
}

// clip6 is min(max(x, 0), 6) in the form of quant.ReLU, which XLA's CPU backend likes better; NaN stays NaN.
func clip6(x *Node) *Node {
	const top = 6
	inside := LogicalAnd(GreaterThan(x, ScalarZero(x.Graph(), x.DType())), LessThan(x, Scalar(x.Graph(), x.DType(), top)))
	return Where(inside, x, ClipScalar(StopGradient(x), 0, top))
}
