package analysis

import (
	"slices"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/weights"
)

// pair is a tensor of two networks.
type pair struct {
	name string
	a, b []float32
}

// pairUp finds the tensors that a and b share, in the order of a. wanted says which tensors are looked at; what is the word for one of them
// in errors: for one that is missing in a network, has another shape there, or cannot be read.
func pairUp(a, b *weights.File, what string, wanted func(weights.Tensor) bool) (pairs []pair, err error) {
	for _, ta := range a.Tensors {
		if !wanted(ta) {
			continue
		}
		tb, ok := b.Lookup(ta.Name)
		if !ok {
			return nil, errors.Errorf("comparing weights: %s %s is only in one of the networks", what, ta.Name)
		}
		if !slices.Equal(ta.Shape, tb.Shape) {
			return nil, errors.Errorf("comparing weights: %s %s is %v in one network and %v in the other", what, ta.Name, ta.Shape, tb.Shape)
		}
		p := pair{name: ta.Name}
		if p.a, err = ta.Float32s(); err != nil {
			return nil, err
		}
		if p.b, err = tb.Float32s(); err != nil {
			return nil, err
		}
		pairs = append(pairs, p)
	}
	for _, tb := range b.Tensors {
		if _, ok := a.Lookup(tb.Name); !ok && wanted(tb) {
			return nil, errors.Errorf("comparing weights: %s %s is only in one of the networks", what, tb.Name)
		}
	}
	return pairs, nil
}
