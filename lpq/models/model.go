package models

import (
	"maps"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/nn"
	"github.com/lowprec/lpnets/lpq/quant"
)

// Model is a network with weights and a precision, on a backend. It is not safe for concurrent use.
type Model struct {
	Network Network
	Backend compute.Backend
	// Store holds the variables, below Root.
	Store *model.Store
	// Provenance says where the weights come from; it is saved with them. Never nil.
	Provenance map[string]string

	devices *devices // nil for one
	scheme  quant.Scheme
	drawn   bool // weights are random: none were read
	places
	logits, statistics *Program // for the current scheme; nil until they are needed
}

// Site is a tensor of a network that can be quantized.
type Site struct {
	Name   string // as in weight files: layer1.0.conv1.weight, layer1.0.relu1
	Path   string // of the variable, or of the activation's scope
	Signed bool
	Edge   bool // at one of the network's two ends, or not multiplied by weights: Scheme.EdgeBits
	// MultiplyAdds is how many multiplications with these weights one image takes; 0 for activations.
	MultiplyAdds int
}

// New makes a model with random weights drawn from the seed, in float.
func New(backend compute.Backend, network Network, seed int64) (*Model, error) {
	if err := network.Validate(); err != nil {
		return nil, err
	}
	devices, err := newDevices(backend)
	if err != nil {
		return nil, err
	}
	m := &Model{Network: network, Backend: backend, Store: model.NewStore(), Provenance: map[string]string{}, devices: devices, drawn: true}
	m.Store.SetParam(nn.ParamSeed, seed)
	if err := m.createVariables(); err != nil {
		return nil, errors.WithMessagef(err, "building network %s", network.Name)
	}
	return m, nil
}

// createVariables builds the network's graph once, which gives every variable its initial value.
func (m *Model) createVariables() error {
	places, err := m.Network.build(m.Backend, m.Store, &nn.Run{})
	if err != nil {
		return err
	}
	m.places = places
	return m.Store.InitializeVariables(m.Backend, nil)
}

// places is what building a network's graph shows of it.
type places struct {
	activations, weights []Site
	auxiliary            []string // scopes of the parts that only training needs
}

// build builds the network's graph as run says, and as for training, since parts may be there only then, without compiling it. It declares the variables in
// the store.
func (n Network) build(backend compute.Backend, store *model.Store, run *nn.Run) (found places, err error) {
	err = exceptions.TryCatch[error](func() {
		g := NewGraph(backend, n.Name)
		defer g.Finalize()
		store.SetTraining(g, true)
		pixels := Parameter(g, "pixels", shapes.Make(dtypes.Uint8, 1, n.Input.Height, n.Input.Width, n.Input.Channels))
		probe := &nn.Probe{}
		run.Probe = probe
		n.Logits(store.RootScope(), pixels, run)
		found.auxiliary = run.AuxiliaryPaths()
		for _, a := range probe.Activations {
			found.activations = append(found.activations, Site{Name: NameOf(a.Path), Path: a.Path, Signed: a.Signed, Edge: a.Edge})
		}
		for _, w := range probe.Weights {
			found.weights = append(found.weights, Site{Name: NameOf(w.Path), Path: w.Path, Signed: quant.Signed, Edge: w.Edge,
				MultiplyAdds: w.Uses * w.Value.Shape().Size()})
		}
	})
	return found, err
}

const rootPath = model.ScopeSeparator + Root

// Clone copies the model, weights included.
func (m *Model) Clone() (*Model, error) {
	c := &Model{Network: m.Network, Backend: m.Backend, Store: model.NewStore(), Provenance: maps.Clone(m.Provenance), devices: m.devices,
		scheme: m.scheme, drawn: m.drawn, places: m.places}
	for key, value := range m.Store.IterParams() {
		c.Store.SetParam(key, value)
	}
	for v := range m.Store.Scope(rootPath).IterVariables() {
		value, err := v.Value()
		if err != nil {
			return nil, errors.WithMessagef(err, "copying %s", v.Path())
		}
		clone, err := value.Clone()
		if err != nil {
			return nil, errors.WithMessagef(err, "copying %s", v.Path())
		}
		variable, err := c.Store.CreateVariable(v.Path(), clone)
		if err != nil {
			return nil, err
		}
		variable.SetTrainable(v.Trainable)
	}
	return c, nil
}

// Scheme is the model's precision.
func (m *Model) Scheme() quant.Scheme { return m.scheme }

// SetScheme changes the precision in which the model is run from now on; the float weights stay as they are. A precision with quantized
// activations needs exponents: Calibrate, or SetExponents. Those that were found for other bit-widths are forgotten.
func (m *Model) SetScheme(scheme quant.Scheme) error {
	if err := scheme.Validate(); err != nil {
		return err
	}
	if scheme.ActivationBits != m.scheme.ActivationBits || scheme.EdgeBits != m.scheme.EdgeBits {
		if err := m.keepExponents(nil); err != nil {
			return err
		}
	}
	m.scheme = scheme
	m.Store.SetParam(nn.ParamScheme, scheme) // for GoMLX's own trainer
	m.reset()
	return nil
}

// reset forgets the compiled graphs, which depend on the scheme.
func (m *Model) reset() {
	for _, program := range []**Program{&m.logits, &m.statistics} {
		if *program != nil {
			(*program).Close()
			*program = nil
		}
	}
}

// Activations lists the places where activations are quantized, in the order of the layers.
func (m *Model) Activations() []Site { return slices.Clone(m.activations) }

// Activation is the place of that name, or an error that lists those there are.
func (m *Model) Activation(name string) (Site, error) {
	var names []string
	for _, s := range m.activations {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Site{}, errors.Errorf("network %s has no activation %q; it has %s", m.Network.Name, name, strings.Join(names, ", "))
}

// Weights lists the layers' weights, in the order of the layers: those that are quantized, not biases and batch normalization.
func (m *Model) Weights() []Site { return slices.Clone(m.weights) }

// NameOf turns a path below Root into a name as in weight files: /net/layer1.0/conv1/weight -> layer1.0.conv1.weight.
func NameOf(path string) string {
	return strings.ReplaceAll(strings.TrimPrefix(path, rootPath+model.ScopeSeparator), model.ScopeSeparator, ".")
}
