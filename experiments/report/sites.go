package report

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/backend"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/nn"
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

// zooSites finds the places of a network of the zoo; nil for another network. The graph is built, which shows them, and nothing is computed: any
// engine does, so it is the one that is always there.
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
	probe := &nn.Probe{}
	err = exceptions.TryCatch[error](func() {
		g := graph.NewGraph(engine, name)
		defer g.Finalize()
		in := network.Input
		pixels := graph.Parameter(g, "pixels", shapes.Make(dtypes.Uint8, 1, in.Height, in.Width, in.Channels))
		network.Logits(model.NewStore().RootScope(), pixels, &nn.Run{Probe: probe})
	})
	if err != nil {
		return nil, errors.WithMessagef(err, "building network %s", name)
	}
	s := &sites{edges: map[string]bool{}}
	for _, a := range probe.Activations {
		s.activations = append(s.activations, models.Site{Name: models.NameOf(a.Path), Path: a.Path, Signed: a.Signed, Edge: a.Edge})
	}
	for _, w := range probe.Weights {
		s.edges[models.NameOf(w.Path)] = w.Edge
	}
	return s, nil
}
