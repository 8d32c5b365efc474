package models

import (
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/nn"
	"github.com/lowprec/lpnets/lpq/quant"
	"github.com/lowprec/lpnets/lpq/weights"
)

// Blueprint is a network without weights: what can be told of it from its shapes alone.
type Blueprint struct {
	places
	variables []*model.Variable // without values where it is not a model's
}

// Blueprint builds the network's graph, which shows its shape. Nothing is drawn, compiled or computed, so any engine does, and it takes milliseconds.
func (n Network) Blueprint(backend compute.Backend) (Blueprint, error) {
	if err := n.Validate(); err != nil {
		return Blueprint{}, err
	}
	store := model.NewStore()
	found, err := n.build(backend, store, &nn.Run{ShapesOnly: true})
	return Blueprint{found, variablesOf(store)}, errors.WithMessagef(err, "building network %s", n.Name)
}

// blueprint is that of a model.
func (m *Model) blueprint() Blueprint { return Blueprint{m.places, m.variables()} }

// Activations lists the places where activations are quantized, in the order of the layers.
func (b Blueprint) Activations() []Site { return slices.Clone(b.activations) }

// Weights lists the layers' weights, in the order of the layers: those that are quantized, not biases and batch normalization.
func (b Blueprint) Weights() []Site { return slices.Clone(b.weights) }

// Bytes of what is stored beside quantized weights.
const (
	floatBytes    = 4
	exponentBytes = 1 // quant.MinExponent..quant.MaxExponent
)

// SizeBytes is what the network takes in a precision, without what only training needs: every weight tensor packed at its bit-width, everything
// else (biases, batch normalization) as float32, and a byte for each exponent, of weights and of activations.
func (b Blueprint) SizeBytes(scheme quant.Scheme) int {
	bits := map[string]int{} // of the quantized weights, by path
	for _, site := range b.weights {
		if n := scheme.Weights(site.Edge); n != quant.Float {
			bits[site.Path] = n
		}
	}
	total := 0
	for _, v := range b.variables {
		n := v.Shape().Size()
		width, quantized := bits[v.Path()]
		switch {
		case b.Auxiliary(NameOf(v.Path())):
		case !quantized:
			total += n * floatBytes
		case scheme.Granularity == quant.PerChannel:
			total += (n*width+7)/8 + v.Shape().Dim(-1)*exponentBytes
		default:
			total += (n*width+7)/8 + exponentBytes
		}
	}
	for _, site := range b.activations {
		if scheme.Activations(site.Edge) != quant.Float {
			total += exponentBytes
		}
	}
	return total
}

// Quantized returns a network's file with the values that the precision in its metadata leaves of the weights: those that the low-precision network computes
// with, where the file has the float weights behind them. A float network's file comes back as it is.
func (b Blueprint) Quantized(file *weights.File) (*weights.File, error) {
	scheme, _, err := Precision(file.Metadata)
	if err != nil {
		return nil, err
	}
	quantized := &weights.File{Metadata: file.Metadata, Tensors: slices.Clone(file.Tensors)}
	for i, t := range file.Tensors {
		k := slices.IndexFunc(b.weights, func(s Site) bool { return s.Name == t.Name })
		if k < 0 {
			continue
		}
		bits := scheme.Weights(b.weights[k].Edge)
		if bits == quant.Float {
			continue
		}
		values, err := t.Float32s()
		if err != nil {
			return nil, err
		}
		formats, err := quant.WeightFormats(values, t.Shape[0], bits, scheme)
		if err != nil {
			return nil, errors.WithMessagef(err, "weights %s", t.Name)
		}
		rounded := make([]float32, len(values))
		for j, x := range values {
			rounded[j] = formats[j*len(formats)/len(values)].FakeQuantize(x)
		}
		if quantized.Tensors[i], err = weights.NewFloat32(t.Name, t.Shape, rounded); err != nil {
			return nil, err
		}
	}
	return quantized, nil
}

// NumParameters is how many numbers training changes: weights, biases and batch normalization's two, as PyTorch counts them. Auxiliary classifiers
// are included, running statistics not.
func (b Blueprint) NumParameters() (n int) {
	for _, v := range b.variables {
		if v.Trainable {
			n += v.Shape().Size()
		}
	}
	return n
}

// MultiplyAdds is how many multiplications, each with an addition, the convolutions and dense layers take for one image.
func (b Blueprint) MultiplyAdds() (n int) {
	for _, site := range b.weights {
		n += site.MultiplyAdds
	}
	return n
}

// Auxiliary reports whether only training needs the tensor of that name in weight files.
func (b Blueprint) Auxiliary(name string) bool {
	return slices.ContainsFunc(b.auxiliary, func(scope string) bool { return strings.HasPrefix(name, NameOf(scope)+".") })
}

// SizeBytes is what the model takes in its precision; see Blueprint.SizeBytes.
func (m *Model) SizeBytes() int { return m.blueprint().SizeBytes(m.scheme) }

// NumParameters is how many numbers training changes; see Blueprint.NumParameters.
func (m *Model) NumParameters() int { return m.blueprint().NumParameters() }

// MultiplyAdds is what one image takes; see Blueprint.MultiplyAdds.
func (m *Model) MultiplyAdds() int { return m.blueprint().MultiplyAdds() }
