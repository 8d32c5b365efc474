package models

import (
	"context"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/nn"
)

// Images of a batch where nothing else is said. A photograph takes fifty times the memory of a small image.
const (
	DefaultBatch       = 128
	DefaultPhotosBatch = 32
)

// Result of an evaluation.
type Result struct {
	Tally
	Predictions []int32 // best guess of every image, in the order of the data set
}

// EvaluateOptions has the settings of an evaluation; the zero value is ready.
type EvaluateOptions struct {
	Batch    int                   // images at a time; 0 means BatchFor
	Workers  int                   // batches that are loaded at the same time; 0 means 1
	Progress func(done, total int) // called after every batch, in images; may be nil
}

// Evaluate runs the model, in its precision, over a data set.
//
// It returns an error if the images do not fit the network, a label is not among its classes, or logits are NaN.
func (m *Model) Evaluate(ctx context.Context, set data.Dataset, options EvaluateOptions) (Result, error) {
	if err := m.CheckData(set); err != nil {
		return Result{}, err
	}
	loader := &data.Loader{Dataset: set, BatchSize: batchSize(options.Batch, set), Workers: options.Workers}
	var result Result
	for batch, err := range loader.Epoch(ctx, 0, 0) {
		if err != nil {
			return Result{}, err
		}
		logits, err := m.Logits(pad(batch.Images, loader.BatchSize*set.Shape().Size()))
		if err != nil {
			return Result{}, err
		}
		predictions, err := result.Add(logits[:batch.Size*m.Network.Classes], batch.Labels)
		if err != nil {
			return Result{}, errors.WithMessagef(err, "network %s in %s on %s", m.Network.Name, m.scheme, set.Name())
		}
		result.Predictions = append(result.Predictions, predictions...)
		if options.Progress != nil {
			options.Progress(result.Images, set.Len())
		}
	}
	return result, nil
}

// batchSize is the batch to use: never more than the data set has.
func batchSize(want int, set data.Dataset) int {
	if want <= 0 {
		return BatchFor(set)
	}
	return max(min(want, set.Len()), 1)
}

// BatchFor is the number of images of a batch where nothing else is said: DefaultBatch, or DefaultPhotosBatch of images of more than 64x64 pixels; never more
// than the data set has.
func BatchFor(set data.Dataset) int {
	const small = 64 * 64
	if shape := set.Shape(); shape.Height*shape.Width > small {
		return batchSize(DefaultPhotosBatch, set)
	}
	return batchSize(DefaultBatch, set)
}

// pad lengthens pixels with black images: a short last batch does not need a graph of its own.
func pad(pixels []uint8, size int) []uint8 {
	if len(pixels) == size {
		return pixels
	}
	return append(slices.Clone(pixels), make([]uint8, size-len(pixels))...)
}

// CheckData is the network's.
func (m *Model) CheckData(set data.Dataset) error { return m.Network.CheckData(set) }

// CheckData returns an error if the network cannot take the data: no images, or another shape or number of classes.
func (n Network) CheckData(set data.Dataset) error {
	switch {
	case set == nil:
		return errors.Errorf("no images for network %s", n.Name)
	case set.Len() == 0:
		return errors.Errorf("%s has no images", set.Name())
	case set.Shape() != n.Input:
		return errors.Errorf("images of %s are %+v, network %s takes %+v", set.Name(), set.Shape(), n.Name, n.Input)
	case len(set.Classes()) != n.Classes:
		return errors.Errorf("%s has %d classes, network %s has %d", set.Name(), len(set.Classes()), n.Name, n.Classes)
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
		exec, err := NewProgram(m, func(scope *model.Scope, pixels *Node) *Node {
			return m.Network.Logits(scope, pixels, &nn.Run{Scheme: m.scheme})
		}, true)
		if err != nil {
			return nil, err
		}
		m.logits = exec
	}
	images, devices := len(pixels)/in.Size(), m.NumDevices()
	padded := (images + devices - 1) / devices * devices
	out, err := m.logits.Call(m.pixels(pad(pixels, padded*in.Size())))
	if err != nil {
		return nil, errors.WithMessagef(err, "running network %s in %s", m.Network.Name, m.scheme)
	}
	defer func() { _ = out[0].FinalizeAll() }() // frees memory; the values were copied
	logits, err := tensors.CopyFlatData[float32](out[0])
	if err != nil {
		return nil, err
	}
	return logits[:images*m.Network.Classes], nil
}

// pixels makes a tensor of flat pixels.
func (m *Model) pixels(flat []uint8) *tensors.Tensor {
	in := m.Network.Input
	return tensors.FromFlatDataAndDimensions(flat, len(flat)/in.Size(), in.Height, in.Width, in.Channels)
}
