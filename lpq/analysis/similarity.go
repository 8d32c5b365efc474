package analysis

import (
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
	pairs, err := pairUp(a, b, "layer", func(t weights.Tensor) bool { return len(t.Shape) >= 2 })
	if err != nil {
		return nil, err
	}
	if len(pairs) == 0 {
		return nil, errors.New("comparing weights: no layer has two or more axes")
	}
	layers := make([]Layer, len(pairs))
	for i, p := range pairs {
		layers[i] = Layer{Name: p.name, Size: len(p.a), Cosine: Cosine(p.a, p.b)}
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
	return cosine(ab, aa, bb)
}

// MeanCosine is the mean over the layers, each counted once; NaN if there is none.
func MeanCosine(layers []Layer) float64 {
	var sum float64
	for _, l := range layers {
		sum += l.Cosine
	}
	return sum / float64(len(layers))
}
