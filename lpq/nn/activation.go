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
	rectify      bool
	signed, edge bool
}

// ReLU is max(x, 0), then an unsigned quantizer. The quantizer's clip at code 0 is the ReLU: no operation is added for it.
func ReLU(scope *model.Scope, x *Node) *ActivationBuilder {
	return &ActivationBuilder{scope: scope, x: x, rectify: true}
}

// Quantize is a quantizer alone. Its codes are unsigned unless Signed is called: negative values become 0.
func Quantize(scope *model.Scope, x *Node) *ActivationBuilder {
	return &ActivationBuilder{scope: scope, x: x}
}

// Signed gives the quantizer codes of both signs. Default: unsigned. Not for ReLU, which has no negative values.
func (b *ActivationBuilder) Signed() *ActivationBuilder { b.signed = true; return b }

// Edge marks the input image or the input of the network's last layer, which have the scheme's EdgeBits. Default: a hidden one.
func (b *ActivationBuilder) Edge() *ActivationBuilder { b.edge = true; return b }

// Done builds it and returns a tensor of x's shape.
//
// It panics if the scheme quantizes activations and this one has no exponent yet (the network was not calibrated).
func (b *ActivationBuilder) Done() *Node {
	g := b.x.Graph()
	run := runOf(b.scope, g)
	if b.rectify && b.signed {
		Panicf("nn.ReLU: %s: Signed() on values that are never negative", b.scope.Scope())
	}
	bits := run.Scheme.Activations(b.edge)
	if run.Probe != nil {
		run.Probe.Activations = append(run.Probe.Activations,
			Activation{Path: b.scope.Scope(), Value: b.float(), Signed: b.signed, Edge: b.edge})
	}
	if bits == quant.Float {
		return b.float()
	}
	exponent := b.scope.Store().GetVariable(ExponentPath(b.scope.Scope()))
	if exponent == nil {
		Panicf("nn.%s: activation %s has no exponent: calibrate the network first", b.kind(), b.scope.Scope())
	}
	return quant.FakeQuantize(b.x, bits, b.signed, exponent.SetTrainable(false).NodeValue(g))
}

// float is the activation without its quantizer.
func (b *ActivationBuilder) float() *Node {
	if b.rectify {
		return quant.ReLU(b.x)
	}
	return b.x
}

func (b *ActivationBuilder) kind() string {
	if b.rectify {
		return "ReLU"
	}
	return "Quantize"
}
