package models

import (
	"slices"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/data/raster"
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
	// Preprocess is how photographs become Input in evaluation; it belongs to the weights. Zero for networks that take images as they are.
	Preprocess raster.Preprocess
	// Mean and Std normalize pixels before the first layer, (x/PixelScale - Mean)/Std, one value per channel. They belong to the weights.
	Mean, Std []float32
	// PixelScale divides pixels; 0 means 255, which gives [0, 1].
	PixelScale float32
	// Gain and Offset, where set, follow: x*Gain + Offset, one value per channel (transform_input of torchvision's Inception-v3).
	Gain, Offset []float32
	// Build turns normalized images [batch, height, width, channels] into logits [batch, classes] with layers of package nn.
	Build func(scope *model.Scope, x *Node) *Node
}

// TakesPhotographs reports whether the network takes pictures of any size, by Preprocess, and not images as they are.
func (n Network) TakesPhotographs() bool { return n.Preprocess != raster.Preprocess{} }

// Validate returns an error that says what the description lacks.
func (n Network) Validate() error {
	switch {
	case n.Name == "":
		return errors.New("models: a network without a name")
	case n.Input.Size() <= 0:
		return errors.Errorf("models: network %s: input %+v; want positive sides", n.Name, n.Input)
	case n.TakesPhotographs() && (n.Preprocess.Crop != n.Input.Height || n.Preprocess.Crop != n.Input.Width):
		return errors.Errorf("models: network %s: preprocessing %s for an input of %dx%d", n.Name, n.Preprocess, n.Input.Height, n.Input.Width)
	case n.Classes < 2:
		return errors.Errorf("models: network %s: %d classes; want two or more", n.Name, n.Classes)
	case len(n.Mean) != n.Input.Channels || len(n.Std) != n.Input.Channels:
		return errors.Errorf("models: network %s: %d means and %d deviations for %d channels", n.Name, len(n.Mean), len(n.Std), n.Input.Channels)
	case !(n.PixelScale >= 0):
		return errors.Errorf("models: network %s: pixel scale %v; want a positive one, or 0 for 255", n.Name, n.PixelScale)
	case len(n.Gain) != len(n.Offset) || n.Gain != nil && len(n.Gain) != n.Input.Channels:
		return errors.Errorf("models: network %s: %d gains and %d offsets for %d channels", n.Name, len(n.Gain), len(n.Offset), n.Input.Channels)
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
	run.Input = pixels
	run.Attach(pixels.Graph())
	logits := n.Build(scope.In(Root), nn.Lookup(pixels, n.InputTable()))
	logits.AssertDims(pixels.Shape().Dimensions[0], n.Classes)
	return logits
}

// InputTable is what the first layer gets for a pixel in a channel, [256, channels], flat. The steps are torchvision's, in float32, so that the
// values have the same bits on every engine.
func (n Network) InputTable() []float32 {
	scale := n.PixelScale
	if scale == 0 {
		scale = 255
	}
	table := make([]float32, 256*n.Input.Channels)
	for i := range table {
		channel := i % n.Input.Channels
		table[i] = (float32(i/n.Input.Channels)/scale - n.Mean[channel]) / n.Std[channel]
		if n.Gain != nil {
			table[i] = float32(table[i]*n.Gain[channel]) + n.Offset[channel] // rounded twice: not a fused multiply-add
		}
	}
	return table
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

var zoo = slices.Concat(cifarResNets(), imageNetResNets(), vggs(), inceptions(), denseNets(), efficientNets())
