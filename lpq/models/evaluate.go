package models

import (
	"context"
	"math"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/nn"
)

// DefaultBatch is the number of images of a batch where nothing else is said.
const DefaultBatch = 128

// topK is the k of the second accuracy.
const topK = 5

// Result of an evaluation.
type Result struct {
	Images      int
	Top1, Top5  int     // images whose label is the best guess, or among the five best
	Loss        float64 // mean cross entropy, nats
	Predictions []int32 // best guess of every image, in the order of the data set
}

// Top1Pct is the share of right best guesses, in percent.
func (r Result) Top1Pct() float64 { return 100 * float64(r.Top1) / float64(r.Images) }

// Top5Pct is the share of images whose label is among the five best guesses, in percent.
func (r Result) Top5Pct() float64 { return 100 * float64(r.Top5) / float64(r.Images) }

// EvaluateOptions has the settings of an evaluation; the zero value is ready.
type EvaluateOptions struct {
	Batch    int                   // images at a time; 0 means DefaultBatch
	Progress func(done, total int) // called after every batch, in images; may be nil
}

// Evaluate runs the model, in its precision, over a data set.
//
// It returns an error if the images do not fit the network, a label is not among its classes, or logits are NaN.
func (m *Model) Evaluate(ctx context.Context, set data.Dataset, options EvaluateOptions) (Result, error) {
	if err := m.checkData(set); err != nil {
		return Result{}, err
	}
	loader := &data.Loader{Dataset: set, BatchSize: batchSize(options.Batch, set)}
	result := Result{Images: set.Len(), Predictions: make([]int32, 0, set.Len())}
	for batch, err := range loader.Epoch(ctx, 0, 0) {
		if err != nil {
			return Result{}, err
		}
		logits, err := m.Logits(pad(batch.Images, loader.BatchSize*set.Shape().Size()))
		if err != nil {
			return Result{}, err
		}
		if err := result.add(logits, batch.Labels, m.Network.Classes); err != nil {
			return Result{}, errors.WithMessagef(err, "network %s in %s on %s", m.Network.Name, m.scheme, set.Name())
		}
		if options.Progress != nil {
			options.Progress(len(result.Predictions), set.Len())
		}
	}
	result.Loss /= float64(max(result.Images, 1))
	return result, nil
}

// batchSize is the batch to use: never more than the data set has.
func batchSize(want int, set data.Dataset) int {
	if want <= 0 {
		want = DefaultBatch
	}
	return max(min(want, set.Len()), 1)
}

// pad lengthens pixels with black images: a short last batch does not need a graph of its own.
func pad(pixels []uint8, size int) []uint8 {
	if len(pixels) == size {
		return pixels
	}
	return append(slices.Clone(pixels), make([]uint8, size-len(pixels))...)
}

// checkData returns an error if the network cannot take the data.
func (m *Model) checkData(set data.Dataset) error {
	switch {
	case set.Len() == 0:
		return errors.Errorf("%s has no images", set.Name())
	case set.Shape() != m.Network.Input:
		return errors.Errorf("images of %s are %+v, network %s takes %+v", set.Name(), set.Shape(), m.Network.Name, m.Network.Input)
	case len(set.Classes()) != m.Network.Classes:
		return errors.Errorf("%s has %d classes, network %s has %d", set.Name(), len(set.Classes()), m.Network.Name, m.Network.Classes)
	}
	return nil
}

// Logits runs the model on pixels [n, height, width, channels] and returns [n, classes], flat. n is free, but each n is compiled once.
func (m *Model) Logits(pixels []uint8) ([]float32, error) {
	in := m.Network.Input
	if len(pixels) == 0 || len(pixels)%in.Size() != 0 {
		return nil, errors.Errorf("network %s: %d bytes of pixels are no whole number of images %+v", m.Network.Name, len(pixels), in)
	}
	if m.logits == nil {
		exec, err := model.NewExec(m.Backend, m.Store, func(scope *model.Scope, pixels *Node) *Node {
			return m.Network.Logits(scope, pixels, &nn.Run{Scheme: m.scheme})
		})
		if err != nil {
			return nil, err
		}
		m.logits = exec
	}
	out, err := m.logits.Call(m.pixels(pixels))
	if err != nil {
		return nil, errors.WithMessagef(err, "running network %s in %s", m.Network.Name, m.scheme)
	}
	defer func() { _ = out[0].FinalizeAll() }() // frees memory; the values were copied
	return tensors.CopyFlatData[float32](out[0])
}

// pixels makes a tensor of flat pixels.
func (m *Model) pixels(flat []uint8) *tensors.Tensor {
	in := m.Network.Input
	return tensors.FromFlatDataAndDimensions(flat, len(flat)/in.Size(), in.Height, in.Width, in.Channels)
}

// add counts the first len(labels) rows of logits; Loss is summed.
func (r *Result) add(logits []float32, labels []int32, classes int) error {
	for i, label := range labels {
		row := logits[i*classes : (i+1)*classes]
		if label < 0 || int(label) >= classes {
			return errors.Errorf("image %d has label %d; the network has %d classes", len(r.Predictions), label, classes)
		}
		loss := crossEntropy(row, int(label))
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return errors.Errorf("the logits of image %d are not finite", len(r.Predictions))
		}
		r.Loss += loss
		best, better := 0, 0
		for j, x := range row {
			if x > row[best] {
				best = j
			}
			// As PyTorch's topk on the CPU does, of equal logits the lower class comes first.
			if x > row[label] || x == row[label] && j < int(label) {
				better++
			}
		}
		r.Predictions = append(r.Predictions, int32(best))
		if better == 0 {
			r.Top1++
		}
		if better < topK {
			r.Top5++
		}
	}
	return nil
}

// crossEntropy is -log(softmax(row)[label]), in nats.
func crossEntropy(row []float32, label int) float64 {
	highest := float64(slices.Max(row))
	var sum float64
	for _, x := range row {
		sum += math.Exp(float64(x) - highest)
	}
	return math.Log(sum) + highest - float64(row[label])
}
