package report

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/quant"
	"github.com/lowprec/lpnets/lpq/weights"
)

// network is a network's file with its precision.
type network struct {
	name        string
	file        *weights.File // nil once all is known: weights take memory
	sites       *sites        // nil for a network that is not of the zoo
	scheme      quant.Scheme
	weights     []weightGrid
	activations []activationGrid
	// known: the network is one of the zoo, so its activations stand in the order of the layers, with their formats.
	known bool
}

// weightGrid is a quantized weight tensor.
type weightGrid struct {
	name      string
	shape     []int // as in the file
	bits      int
	exponents []int   // one for the tensor, or one for each output channel
	low, high float64 // of the values
	outside   float64 // share of the values that lie outside the grid, and are clipped
	sqnr      float64 // dB
}

// activationGrid is a place where activations are quantized.
type activationGrid struct {
	name   string
	format quant.Format // of a network that is not known, the exponent alone
}

// newNetwork reads precision and exponents from a network's file. A file without them is a float network's.
func newNetwork(file *weights.File) (*network, error) {
	scheme, exponents, err := models.Precision(file.Metadata)
	if err != nil {
		return nil, err
	}
	n := &network{name: file.Metadata[models.MetaNetwork], file: file, scheme: scheme}
	if n.sites, err = zooSites(n.name); err != nil || !scheme.Quantized() {
		return n, err
	}
	n.setActivations(exponents)
	return n, n.setWeights()
}

// deployed are the file's tensors without what only training needs.
func (n *network) deployed() []weights.Tensor {
	return slices.DeleteFunc(slices.Clone(n.file.Tensors), func(t weights.Tensor) bool { return n.sites != nil && n.sites.Auxiliary(t.Name) })
}

// setActivations orders the exponents by layers where the network is known, else by name.
func (n *network) setActivations(exponents map[string]int) {
	if n.scheme.ActivationBits == quant.Float {
		return
	}
	names := slices.Sorted(maps.Keys(exponents))
	n.known = n.sites != nil && slices.Equal(names, slices.Sorted(slices.Values(n.sites.activationNames())))
	if !n.known {
		for _, name := range names {
			n.activations = append(n.activations, activationGrid{name, quant.Format{Exponent: exponents[name]}})
		}
		return
	}
	for _, s := range n.sites.Activations() {
		f := quant.Format{Bits: n.scheme.Activations(s.Edge), Signed: s.Signed, Exponent: exponents[s.Name]}
		n.activations = append(n.activations, activationGrid{s.Name, f})
	}
}

// setWeights finds the grid of every layer's weights. In a network that is not known, layers are the tensors with two or more axes, and the first and
// the last of them are its ends.
func (n *network) setWeights() error {
	var layers []weights.Tensor
	for _, t := range n.deployed() {
		if len(t.Shape) >= 2 {
			layers = append(layers, t)
		}
	}
	for i, t := range layers {
		edge := i == 0 || i == len(layers)-1
		if n.sites != nil {
			edge = n.sites.edges[t.Name]
		}
		bits := n.scheme.Weights(edge)
		if bits == quant.Float {
			continue
		}
		grid, err := newWeightGrid(t, bits, n.scheme)
		if err != nil {
			return errors.WithMessagef(err, "weights %s", t.Name)
		}
		n.weights = append(n.weights, grid)
	}
	return nil
}

// newWeightGrid finds exponents by the scheme's rule, as quant.WeightExponent does in a graph. A file has output channels on the first axis.
func newWeightGrid(t weights.Tensor, bits int, scheme quant.Scheme) (g weightGrid, err error) {
	values, err := t.Float32s()
	if err != nil {
		return g, err
	}
	if len(values) == 0 {
		return g, errors.Errorf("the tensor is empty: %v", t.Shape)
	}
	g = weightGrid{name: t.Name, shape: t.Shape, bits: bits, low: math.Inf(1), high: math.Inf(-1)}
	formats, err := quant.WeightFormats(values, t.Shape[0], bits, scheme)
	if err != nil {
		return g, err
	}
	var signal, noise float64
	for i, f := range formats {
		low, high := f.Range()
		part := values[i*len(values)/len(formats) : (i+1)*len(values)/len(formats)]
		for _, v := range part {
			x := float64(v)
			signal += x * x
			g.low, g.high = min(g.low, x), max(g.high, x)
			if x < low || x > high {
				g.outside += 1 / float64(len(values))
			}
		}
		noise += quant.SquaredError(part, f)
		g.exponents = append(g.exponents, f.Exponent)
	}
	g.sqnr = analysis.Decibels(signal, noise)
	return g, nil
}

// sizeBytes is what models.Model.SizeBytes says.
func (n *network) sizeBytes() int {
	quantized := map[string]weightGrid{}
	for _, g := range n.weights {
		quantized[g.name] = g
	}
	const floatBytes = 4
	total := len(n.activations) // a byte for each exponent
	for _, t := range n.deployed() {
		if g, ok := quantized[t.Name]; ok {
			total += (t.NumElements()*g.bits+7)/8 + len(g.exponents)
		} else if !strings.HasSuffix(t.Name, "num_batches_tracked") {
			total += t.NumElements() * floatBytes
		}
	}
	return total
}
