package models

import (
	"slices"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/nn"
)

// Root is the scope of every network's variables in its store: layer1.0.conv1.weight of a weight file is
// /net/layer1.0/conv1/weight.
const Root = "net"

// Network describes a network: what goes in, what comes out, and how the graph between is built.
type Network struct {
	Name    string
	Input   data.Shape // of one image
	Classes int
	// Mean and Std normalize pixels before the first layer, (x/255 - Mean)/Std, one value per channel. They belong to the weights.
	Mean, Std []float32
	// Build turns normalized images [batch, height, width, channels] into logits [batch, classes] with layers of package nn.
	Build func(scope *model.Scope, x *Node) *Node
}

// Validate returns an error that says what the description lacks.
func (n Network) Validate() error {
	switch {
	case n.Name == "":
		return errors.New("models: a network without a name")
	case n.Input.Size() <= 0:
		return errors.Errorf("models: network %s: input %+v; want positive sides", n.Name, n.Input)
	case n.Classes < 2:
		return errors.Errorf("models: network %s: %d classes; want two or more", n.Name, n.Classes)
	case len(n.Mean) != n.Input.Channels || len(n.Std) != n.Input.Channels:
		return errors.Errorf("models: network %s: %d means and %d deviations for %d channels", n.Name, len(n.Mean), len(n.Std), n.Input.Channels)
	case slices.ContainsFunc(n.Std, func(s float32) bool { return !(s > 0) }):
		return errors.Errorf("models: network %s: deviations %v; want positive ones", n.Name, n.Std)
	case n.Build == nil:
		return errors.Errorf("models: network %s: Build is not set", n.Name)
	}
	return nil
}

// Logits builds the network on pixels [batch, height, width, channels], uint8, as run says: [batch, classes], float32.
// It panics, as graph-building functions do, if the pixels or the result have another shape.
func (n Network) Logits(scope *model.Scope, pixels *Node, run *nn.Run) *Node {
	pixels.AssertDims(-1, n.Input.Height, n.Input.Width, n.Input.Channels)
	run.Attach(pixels.Graph())
	logits := n.Build(scope.In(Root), nn.Normalize(pixels, n.Mean, n.Std))
	logits.AssertDims(pixels.Shape().Dimensions[0], n.Classes)
	return logits
}

// Get returns the zoo's network of that name, or an error that lists the names there are.
func Get(name string) (Network, error) {
	for _, n := range zoo {
		if n.Name == name {
			return n, nil
		}
	}
	return Network{}, errors.Errorf("no network %q; there are %s", name, strings.Join(Names(), ", "))
}

// Names lists the zoo.
func Names() []string {
	names := make([]string, len(zoo))
	for i, n := range zoo {
		names[i] = n.Name
	}
	return names
}

var zoo = cifarResNets()
