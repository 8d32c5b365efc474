package analysis

import (
	"context"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/nn"
)

// activationBatch is how many images go through both networks at a time, on all devices together.
const activationBatch = 8

// ActivationSimilarity is the cosine similarity of what reaches each quantizer of activations, in the model's precision and in the float network with the same
// weights: where the two part. Differences add up from layer to layer. It is taken over a set's images in full batches of 8, or of the next multiple of
// the number of devices (a set with fewer is one batch), in the order of the layers; Size is the number of values of one image.
//
// It returns an error if the images do not fit the network, or the model is not calibrated. An activation of zeros has cosine 0 with any other.
func ActivationSimilarity(ctx context.Context, m *models.Model, set data.Dataset) ([]Layer, error) {
	if err := m.CheckData(set); err != nil {
		return nil, err
	}
	if !m.Calibrated() {
		return nil, errors.Errorf("network %s in %s is not calibrated: quantize it first", m.Network.Name, m.Scheme())
	}
	var layers []Layer
	program, err := models.NewProgram(m, func(scope *model.Scope, pixels *Node) []*Node {
		products, values := compareActivations(m, scope, pixels)
		layers = values
		return products
	}, true)
	if err != nil {
		return nil, err
	}
	defer program.Close()
	in, sums := m.Network.Input, make([]float64, 3*len(m.Activations()))
	n := m.NumDevices()
	loader := &data.Loader{Dataset: set, BatchSize: min((activationBatch+n-1)/n*n, set.Len()), DropLast: true}
	for batch, err := range loader.Epoch(ctx, 0, 0) {
		if err != nil {
			return nil, err
		}
		out, err := program.Call(tensors.FromFlatDataAndDimensions(batch.Images, batch.Size, in.Height, in.Width, in.Channels))
		if err != nil {
			return nil, errors.WithMessagef(err, "comparing activations of network %s in %s", m.Network.Name, m.Scheme())
		}
		for i, x := range tensors.MustCopyFlatData[float64](out[0]) {
			sums[i] += x
		}
	}
	for i := range layers {
		layers[i].Cosine = cosine(sums[3*i], sums[3*i+1], sums[3*i+2])
	}
	return layers, nil
}

// compareActivations builds both networks on the same images. The first output is [3*activations], a*b, a*a and b*b of each, summed over all values; the other makes
// use of all variables, which GoMLX's Go engine wants.
func compareActivations(m *models.Model, scope *model.Scope, pixels *Node) (outputs []*Node, layers []Layer) {
	var float, low nn.Probe
	logits := m.Network.Logits(scope, pixels, &nn.Run{Probe: &float})
	pixels.Graph().PushAliasScope("low") // the networks' aliases are the same
	defer pixels.Graph().PopAliasScope()
	again := scope.Store().RootScope() // a scope is built in once
	logits = Add(logits, m.Network.Logits(again, pixels, &nn.Run{Probe: &low, Scheme: m.Scheme()}))
	var products []*Node
	for i := range float.Activations {
		a := ConvertDType(float.Activations[i].Value, dtypes.Float64) // float32 would lose digits in sums of millions
		b := ConvertDType(low.Activations[i].Value, dtypes.Float64)
		for _, product := range []*Node{Mul(a, b), Mul(a, a), Mul(b, b)} {
			products = append(products, Reshape(ReduceAllSum(product), 1))
		}
		size := a.Shape().Size() / pixels.Shape().Dimensions[0]
		layers = append(layers, Layer{Name: models.NameOf(float.Activations[i].Path), Size: size})
	}
	return []*Node{Concatenate(products, 0), ReduceAllMax(logits)}, layers
}
