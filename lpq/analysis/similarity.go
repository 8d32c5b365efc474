package analysis

import (
	"math"
	"slices"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/weights"
)

// Layer is how similar one layer's weights are in two networks.
type Layer struct {
	Name   string  `json:"name"` // of the weight tensor
	Size   int     `json:"size"` // number of weights
	Cosine float64 `json:"cosine"`
}

// Similarity is the cosine similarity of the weights of every layer of two networks, sum(a*b)/sqrt(sum(a^2)*sum(b^2)), in the order of
// the layers in a ("FAQ", section 4: the weights of the low-precision network stay close to the fp32 ones).
//
// Layers are the tensors with two or more axes: convolutions and dense layers, not biases and batch normalization. It returns
// an error if there is none, a layer of one network is not in the other, or shapes differ. A layer of zeros has cosine 0 with any other.
func Similarity(a, b *weights.File) ([]Layer, error) {
	var layers []Layer
	for _, ta := range a.Tensors {
		if len(ta.Shape) < 2 {
			continue
		}
		tb, ok := b.Lookup(ta.Name)
		if !ok {
			return nil, errors.Errorf("comparing weights: layer %s is only in one of the networks", ta.Name)
		}
		if !slices.Equal(ta.Shape, tb.Shape) {
			return nil, errors.Errorf("comparing weights: layer %s is %v in one network and %v in the other", ta.Name, ta.Shape, tb.Shape)
		}
		va, err := ta.Float32s()
		if err != nil {
			return nil, err
		}
		vb, err := tb.Float32s()
		if err != nil {
			return nil, err
		}
		layers = append(layers, Layer{Name: ta.Name, Size: len(va), Cosine: Cosine(va, vb)})
	}
	if len(layers) == 0 {
		return nil, errors.New("comparing weights: no layer has two or more axes")
	}
	for _, tb := range b.Tensors {
		if _, ok := a.Lookup(tb.Name); !ok && len(tb.Shape) >= 2 {
			return nil, errors.Errorf("comparing weights: layer %s is only in one of the networks", tb.Name)
		}
	}
	return layers, nil
}

// Cosine is the cosine similarity of two vectors of one length, computed in float64; 0 if one of them is zero.
func Cosine(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		ab += x * y
		aa += x * x
		bb += y * y
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / (math.Sqrt(aa) * math.Sqrt(bb))
}

// MeanCosine is the mean over the layers, each counted once; NaN if there is none.
func MeanCosine(layers []Layer) float64 {
	var sum float64
	for _, l := range layers {
		sum += l.Cosine
	}
	return sum / float64(len(layers))
}
