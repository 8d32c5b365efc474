package report

import (
	"github.com/lowprec/lpnets/lpq/backend"
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
	blueprint, err := network.Blueprint(engine)
	if err != nil {
		return nil, err
	}
	s := &sites{Blueprint: blueprint, edges: map[string]bool{}}
	for _, w := range blueprint.Weights() {
		s.edges[w.Name] = w.Edge
	}
	return s, nil
}
