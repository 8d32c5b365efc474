package models

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/lpq/data/raster"
	"github.com/lowprec/lpnets/lpq/nn"
	"github.com/lowprec/lpnets/lpq/quant"
)

// denseNetRow describes a network of Huang et al., arXiv:1608.06993, table 1.
type denseNetRow struct {
	name   string
	stem   int // channels of the first convolution
	growth int // channels that every layer adds
	layers []int
}

var denseNetTable = []denseNetRow{{"densenet161", 96, 48, []int{6, 12, 36, 24}}}

// denseNetBottleneck times the growth are the channels between the two convolutions of a layer.
const denseNetBottleneck = 4

func denseNets() (networks []Network) {
	for _, row := range denseNetTable {
		networks = append(networks, imageNet(row.name, raster.Standard, row.build))
	}
	return networks
}

// build makes the network. Names are torchvision's.
//
// The features of a block, which every layer reads and adds to, are one tensor with one exponent: that of the block's quantizer, through which
// its input and what each layer adds go. So concatenation moves integer codes and changes none. No weights multiply the features: batch
// normalization comes first, and then the quantizer of the ReLU, which has the bits of a hidden layer; they have EdgeBits.
func (row denseNetRow) build(scope *model.Scope, x *Node) *Node {
	x = nn.Quantize(scope.In("input"), x).Signed().Edge().Done()
	x = nn.Conv(scope.In("features.conv0"), x).Channels(row.stem).Kernel(7).Strides(2).Padding(3).Edge().Done()
	x = quant.ReLU(nn.BatchNorm(scope.In("features.norm0"), x).Done())
	x = nn.Pool{Window: 3, Strides: 2, Padding: 1}.Max(x)
	channels := row.stem
	for i, layers := range row.layers {
		if i > 0 {
			channels /= 2
			x = transition(scope.In("features.transition%d", i), x, channels)
		}
		block := scope.In("features.denseblock%d", i+1)
		x = blockFeatures(block, x)
		for j := range layers {
			x = row.layer(scope.In("features.denseblock%d.denselayer%d", i+1, j+1), block, x)
		}
		channels += layers * row.growth
		x.AssertDims(-1, -1, -1, channels)
	}
	x = nn.BatchNorm(scope.In("features.norm5"), x).Done().WithAlias("features")
	x = nn.ReLU(scope.In("features.relu5"), x).Edge().Done()
	x = nn.Quantize(scope.In("avgpool"), nn.GlobalMeanPool(x)).Edge().Done()
	return nn.Dense(scope.In("classifier"), x).Units(imageNetClasses).Edge().Done().WithAlias("classifier")
}

// blockFeatures quantizes what becomes part of a block's features.
func blockFeatures(block *model.Scope, x *Node) *Node {
	return nn.Quantize(block, x).Signed().Edge().Done()
}

// layer appends its result to the features x of a block.
func (row denseNetRow) layer(scope, block *model.Scope, x *Node) *Node {
	y := nn.ReLU(scope.In("relu1"), nn.BatchNorm(scope.In("norm1"), x).Done()).Done()
	y = nn.Conv(scope.In("conv1"), y).Channels(denseNetBottleneck * row.growth).Done()
	y = nn.ReLU(scope.In("relu2"), nn.BatchNorm(scope.In("norm2"), y).Done()).Done()
	y = nn.Conv(scope.In("conv2"), y).Channels(row.growth).Kernel(3).Padding(1).Done()
	return Concatenate([]*Node{x, blockFeatures(block, y)}, -1)
}

// transition makes a block's features fewer and smaller for the next block, whose quantizer follows: a mean of four is a sum times 2^-2.
func transition(scope *model.Scope, x *Node, channels int) *Node {
	x = nn.ReLU(scope.In("relu"), nn.BatchNorm(scope.In("norm"), x).Done()).Done()
	x = nn.Conv(scope.In("conv"), x).Channels(channels).Done()
	return nn.Pool{Window: 2, Strides: 2}.Mean(x)
}
