package finetune

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/nn"
	"github.com/lowprec/lpnets/lpq/optim"
	"github.com/lowprec/lpnets/lpq/quant"
)

// Stepper is the compiled training step of a model: forward, backward and update in one graph.
type Stepper struct {
	model *models.Model
	exec  *models.Program
}

// NewStepper prepares the training step in a precision. It is compiled at the first Step, anew for each batch size.
func NewStepper(m *models.Model, scheme quant.Scheme, sgd optim.SGD) (*Stepper, error) {
	exec, err := models.NewProgram(m, func(scope *model.Scope, pixels, labels, rate *Node) (logits *Node) {
		scope.Store().SetTraining(pixels.Graph(), true)
		run := &nn.Run{Scheme: scheme}
		logits = m.Network.Logits(scope, pixels, run)
		sgd.Step(scope, run.Loss(logits, labels), rate)
		return logits
	}, true, true, false)
	return &Stepper{m, exec}, err
}

// Step trains on one batch and returns the logits [batch, classes], flat, that the network had before the update.
func (s *Stepper) Step(batch data.Batch, rate float64) ([]float32, error) {
	in := s.model.Network.Input
	pixels := tensors.FromFlatDataAndDimensions(batch.Images, batch.Size, in.Height, in.Width, in.Channels)
	out, err := s.exec.Call(pixels, tensors.FromFlatDataAndDimensions(batch.Labels, batch.Size), tensors.FromScalar(float32(rate)))
	if err != nil {
		return nil, err
	}
	_ = pixels.FinalizeAll()                    // frees memory early
	defer func() { _ = out[0].FinalizeAll() }() // the values were copied
	return tensors.CopyFlatData[float32](out[0])
}

// Close frees the compiled graph.
func (s *Stepper) Close() { s.exec.Close() }
