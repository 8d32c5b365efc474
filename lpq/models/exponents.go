package models

import (
	"maps"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/nn"
	"github.com/lowprec/lpnets/lpq/quant"
)

// Exponents returns the exponents of the activations by name; those without one, in a model that was not calibrated, are missing.
func (m *Model) Exponents() (map[string]int, error) {
	exponents := map[string]int{}
	for _, site := range m.activations {
		v := m.Store.GetVariable(nn.ExponentPath(site.Path))
		if v == nil {
			continue
		}
		value, err := v.Value()
		if err != nil {
			return nil, errors.WithMessagef(err, "reading the exponent of %s", site.Name)
		}
		exponents[site.Name] = int(tensors.ToScalar[int32](value))
	}
	return exponents, nil
}

// SetExponents sets exponents of activations by name; the others stay. It returns an error for a name that the network does not have, or
// an exponent out of range, and then changes nothing.
func (m *Model) SetExponents(exponents map[string]int) error {
	if err := m.checkExponents(exponents); err != nil {
		return err
	}
	for _, site := range m.activations {
		l, ok := exponents[site.Name]
		if !ok {
			continue
		}
		if m.Store.GetVariable(nn.ExponentPath(site.Path)) == nil { // the graphs were built without it
			m.reset()
		}
		if err := m.setExponent(site, int32(l)); err != nil {
			return errors.WithMessagef(err, "setting the exponent of %s", site.Name)
		}
	}
	return nil
}

func (m *Model) checkExponents(exponents map[string]int) error {
	for _, name := range slices.Sorted(maps.Keys(exponents)) {
		if !slices.ContainsFunc(m.activations, func(s Site) bool { return s.Name == name }) {
			return errors.Errorf("network %s has no activation %q", m.Network.Name, name)
		}
		if l := exponents[name]; l < quant.MinExponent || l > quant.MaxExponent {
			return errors.Errorf("exponent %d of %s is not in %d..%d", l, name, quant.MinExponent, quant.MaxExponent)
		}
	}
	return nil
}

func (m *Model) setExponent(site Site, l int32) error {
	path := nn.ExponentPath(site.Path)
	if v := m.Store.GetVariable(path); v != nil {
		return v.SetValue(tensors.FromScalar(l))
	}
	v, err := m.Store.CreateVariable(path, tensors.FromScalar(l))
	if err != nil {
		return err
	}
	v.SetTrainable(false)
	return nil
}

// keepExponents forgets the exponents of all activations but these.
func (m *Model) keepExponents(names map[string]int) error {
	for _, site := range m.activations {
		if _, ok := names[site.Name]; ok {
			continue
		}
		if err := m.Store.DeleteVariable(nn.ExponentPath(site.Path)); err != nil {
			return errors.WithMessagef(err, "forgetting the exponent of %s", site.Name)
		}
	}
	m.reset()
	return nil
}

// WeightExponents returns the exponents of the weights in the model's precision, by name: one for the whole tensor, or one for each output
// channel, as the scheme's granularity says. Weights that stay float are missing.
func (m *Model) WeightExponents() (map[string][]int, error) {
	sites := slices.DeleteFunc(m.Weights(), func(s Site) bool { return m.scheme.Weights(s.Edge) == quant.Float })
	exponents := make(map[string][]int, len(sites))
	if len(sites) == 0 {
		return exponents, nil
	}
	values, err := model.CallOnceN(m.Backend, m.Store, func(scope *model.Scope, g *Graph) []*Node {
		nodes := make([]*Node, len(sites))
		for i, site := range sites {
			w := scope.Store().GetVariable(site.Path).NodeValue(g)
			nodes[i] = quant.WeightExponent(w, m.scheme.Weights(site.Edge), m.scheme.WeightRule, m.scheme.Granularity)
		}
		return nodes
	})
	if err != nil {
		return nil, errors.WithMessagef(err, "weight exponents of network %s", m.Network.Name)
	}
	for i, site := range sites {
		flat, err := tensors.CopyFlatData[int32](values[i])
		if err != nil {
			return nil, errors.WithMessagef(err, "reading the exponents of %s", site.Name)
		}
		for _, l := range flat {
			exponents[site.Name] = append(exponents[site.Name], int(l))
		}
	}
	return exponents, nil
}
