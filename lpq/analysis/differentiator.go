package analysis

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/nn"
)

// parameter is a trained tensor of a network.
type parameter struct {
	name string // as in weight files
	path string // of the variable
	size int
}

// parametersOf lists the layers' weights, or all that is trained, in the order of the layers.
func parametersOf(m *models.Model, all bool) (parameters []parameter) {
	if !all {
		for _, site := range m.Weights() {
			parameters = append(parameters, parameter{site.Name, site.Path, m.Store.GetVariable(site.Path).Shape().Size()})
		}
		return parameters
	}
	for v := range m.Store.Scope(model.ScopeSeparator + models.Root).IterVariables() {
		if v.Trainable {
			parameters = append(parameters, parameter{models.NameOf(v.Path()), v.Path(), v.Shape().Size()})
		}
	}
	return parameters
}

// differentiator is the compiled gradient of the loss of a model in its precision, as GradientNoise describes it.
type differentiator struct {
	model      *models.Model
	parameters []parameter
	size       int // of a gradient
	program    *models.Program
}

func newDifferentiator(m *models.Model, parameters []parameter) (*differentiator, error) {
	program, err := models.NewProgram(m, func(scope *model.Scope, pixels, labels *Node) []*Node {
		g := pixels.Graph()
		// The batch's statistics are used, and mixed into the running ones with weight zero.
		logits := m.Network.Logits(scope, pixels, &nn.Run{Scheme: m.Scheme(), StatisticsMomentum: ScalarZero(g, dtypes.Float32)})
		variables := make([]*Node, len(parameters))
		for i, p := range parameters {
			variables[i] = scope.Store().GetVariable(p.path).NodeValue(g)
		}
		return Gradient(nn.CrossEntropy(logits, labels), variables...)
	}, true, true)
	d := &differentiator{model: m, parameters: parameters, program: program}
	for _, p := range parameters {
		d.size += p.size
	}
	return d, err
}

// gradient is that of the mean loss of a batch, all parameters one after the other.
func (d *differentiator) gradient(batch data.Batch) ([]float64, error) {
	in := d.model.Network.Input
	pixels := tensors.FromFlatDataAndDimensions(batch.Images, batch.Size, in.Height, in.Width, in.Channels)
	defer func() { _ = pixels.FinalizeAll() }() // only frees memory
	values, err := d.program.Call(pixels, tensors.FromFlatDataAndDimensions(batch.Labels, batch.Size))
	if err != nil {
		return nil, errors.WithMessagef(err, "gradient of network %s in %s", d.model.Network.Name, d.model.Scheme())
	}
	gradient := make([]float64, 0, d.size)
	for i, value := range values {
		from := len(gradient)
		err := tensors.ConstFlatData(value, func(flat []float32) {
			for _, x := range flat {
				gradient = append(gradient, float64(x))
			}
		})
		if err != nil {
			return nil, errors.WithMessagef(err, "reading the gradient of %s", d.parameters[i].name)
		}
		_ = value.FinalizeAll() // only frees memory
		if energy := dot(gradient[from:], gradient[from:]); math.IsNaN(energy) || math.IsInf(energy, 0) {
			return nil, errors.Errorf("the gradient of %s in %s is not finite on batch %d: the network, or its input, is broken",
				d.parameters[i].name, d.model.Scheme(), batch.Index)
		}
	}
	return gradient, nil
}

func (d *differentiator) close() { d.program.Close() }
