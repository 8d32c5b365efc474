package report

import (
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/models"
)

// sites are the places of a network that are quantized, and what is not part of it once it is trained.
type sites struct {
	models.Blueprint
	edges map[string]bool // of weights: whether they are the first or the last layer's
}

func (s *sites) activationNames() (names []string) {
	for _, a := range s.Activations() {
		names = append(names, a.Name)
	}
	return names
}

// zooSites finds the places of a network of the zoo; nil for another network.
func zooSites(name string) (*sites, error) {
	if _, err := models.Get(name); err != nil {
		return nil, nil // somebody's own
	}
	blueprint, err := lpq.Blueprint(name)
	if err != nil {
		return nil, err
	}
	s := &sites{Blueprint: blueprint, edges: map[string]bool{}}
	for _, w := range blueprint.Weights() {
		s.edges[w.Name] = w.Edge
	}
	return s, nil
}
