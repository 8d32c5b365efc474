package models

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/lpq/data/raster"
	"github.com/lowprec/lpnets/lpq/nn"
)

const (
	inceptionEpsilon   = 1e-3 // of batch normalization
	inceptionDropout   = 0.5
	inceptionAuxiliary = 0.4 // weight of the auxiliary loss in torchvision's reference training
)

// inceptionStem has what comes before the blocks: convolutions without padding but for the third, and max pools where channels are 0.
var inceptionStem = []inceptionConv{
	{"Conv2d_1a_3x3", 32, 3, 3, 2, valid}, {"Conv2d_2a_3x3", 32, 3, 3, 1, valid}, {"Conv2d_2b_3x3", 64, 3, 3, 1, same}, {name: "maxpool1"},
	{"Conv2d_3b_1x1", 80, 1, 1, 1, valid}, {"Conv2d_4a_3x3", 192, 3, 3, 1, valid}, {name: "maxpool2"},
}

// inceptionBlocks is torchvision's form of Szegedy et al., arXiv:1512.00567.
var inceptionBlocks = []inceptionBlock{
	{"Mixed_5b", inceptionA(32)},
	{"Mixed_5c", inceptionA(64)},
	{"Mixed_5d", inceptionA(64)},
	{"Mixed_6a", inceptionB},
	{"Mixed_6b", inceptionC(128)},
	{"Mixed_6c", inceptionC(160)},
	{"Mixed_6d", inceptionC(160)},
	{inceptionHasAuxiliary, inceptionC(192)},
	{"Mixed_7a", inceptionD},
	{"Mixed_7b", inceptionE},
	{"Mixed_7c", inceptionE},
}

// inceptionHasAuxiliary is the block that the auxiliary classifier reads.
const inceptionHasAuxiliary = "Mixed_6e"

func inceptions() []Network {
	n := imageNet("inception_v3", raster.Inception, inception)
	// transform_input, from ImageNet's statistics to (x - 0.5)/0.5, with which the weights were trained.
	n.Gain = []float32{0.229 / 0.5, 0.224 / 0.5, 0.225 / 0.5}
	n.Offset = []float32{(0.485 - 0.5) / 0.5, (0.456 - 0.5) / 0.5, (0.406 - 0.5) / 0.5}
	return []Network{n}
}

// inception builds the network. Names are torchvision's.
func inception(scope *model.Scope, x *Node) *Node {
	x = nn.Quantize(scope.In("input"), x).Signed().Edge().Done()
	for i, c := range inceptionStem {
		if c.channels == 0 {
			x = nn.Pool{Window: 3, Strides: 2}.Max(x)
		} else {
			x = c.rectified(scope, x, i == 0)
		}
		x.WithAlias(c.name)
	}
	for i, b := range inceptionBlocks {
		x = b.build(scope, x, i == len(inceptionBlocks)-1).WithAlias(b.name)
		if b.name == inceptionHasAuxiliary {
			nn.Auxiliary(scope.In("AuxLogits"), x, inceptionAuxiliary, inceptionAuxiliaryLogits)
		}
	}
	x = nn.Quantize(scope.In("avgpool"), nn.GlobalMeanPool(x).WithAlias("avgpool")).Edge().Done()
	x = nn.Dropout(scope.In("dropout"), x, inceptionDropout).Done()
	return nn.Dense(scope.In("fc"), x).Units(imageNetClasses).Edge().Done()
}

func inceptionAuxiliaryLogits(scope *model.Scope, x *Node) *Node {
	x = nn.Pool{Window: 5, Strides: 3}.Mean(x)
	x = inceptionConv{"conv0", 128, 1, 1, 1, valid}.rectified(scope, x, false)
	x = inceptionConv{"conv1", 768, 5, 5, 1, valid}.rectified(scope, x, false)
	return nn.Dense(scope.In("fc"), nn.GlobalMeanPool(x)).Units(imageNetClasses).Done()
}
