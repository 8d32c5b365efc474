package report

import (
	"github.com/lowprec/lpnets/lpq/backend"
	"github.com/lowprec/lpnets/lpq/models"
)

// sites are the places of a network that are quantized.
type sites struct {
	activations []models.Site   // in the order of the layers
	edges       map[string]bool // of weights: whether they are the first or the last layer's
}

func (s *sites) activationNames() (names []string) {
	for _, a := range s.activations {
		names = append(names, a.Name)
	}
	return names
}

// zooSites finds the places of a network of the zoo, by the engine that is always there; nil for another network.
func zooSites(name string) (*sites, error) {
	network, err := models.Get(name)
	if err != nil {
		return nil, nil // somebody's own
	}
	engine, err := backend.Open(backend.Options{Config: "go"})
	if err != nil {
		return nil, err
	}
	defer engine.Finalize()
	activations, weights, err := network.Sites(engine)
	if err != nil {
		return nil, err
	}
	s := &sites{activations: activations, edges: map[string]bool{}}
	for _, w := range weights {
		s.edges[w.Name] = w.Edge
	}
	return s, nil
}
