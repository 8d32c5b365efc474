package models

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/nn"
)

// cifarTable has the residual networks for 32x32 images of He et al., arXiv:1512.03385, section 4.2: depth 6n+2 with n blocks in each of
// three stages. resnet8 is the smallest of the family, for demonstrations.
var cifarTable = []struct {
	name   string
	blocks int
}{
	{"resnet8", 1},
	{"resnet20", 3},
	{"resnet32", 5},
	{"resnet44", 7},
	{"resnet56", 9},
	{"resnet110", 18},
}

// cifarStages has width and stride of the three stages.
var cifarStages = []struct{ channels, strides int }{{16, 1}, {32, 2}, {64, 2}}

func cifarResNets() (networks []Network) {
	for _, row := range cifarTable {
		networks = append(networks, Network{
			Name:    row.name,
			Input:   data.Shape{Height: 32, Width: 32, Channels: 3},
			Classes: 10,
			// ImageNet's statistics: the published weights (github.com/akamaster/pytorch_resnet_cifar10) were trained with them.
			Mean:  imageNetMean,
			Std:   imageNetStd,
			Build: cifarResNet(row.blocks),
		})
	}
	return networks
}

// cifarResNet builds a network with that many blocks in each stage. Names are those of the published weights.
func cifarResNet(blocks int) func(*model.Scope, *Node) *Node {
	return func(scope *model.Scope, x *Node) *Node {
		x = nn.Quantize(scope.In("input"), x).Signed().Edge().Done()
		x = nn.Conv(scope.In("conv1"), x).Channels(cifarStages[0].channels).Kernel(3).Padding(1).Edge().Done()
		x = nn.ReLU(scope.In("relu1"), nn.BatchNorm(scope.In("bn1"), x).Done()).Done()
		for i, stage := range cifarStages {
			for j := range blocks {
				strides := 1
				if j == 0 {
					strides = stage.strides
				}
				last := i == len(cifarStages)-1 && j == blocks-1
				x = basicBlock(scope.In("layer%d.%d", i+1, j), x, stage.channels, strides, last)
			}
			size := 32 >> i
			x.AssertDims(-1, size, size, stage.channels)
		}
		x = nn.Quantize(scope.In("pool"), nn.GlobalMeanPool(x)).Edge().Done()
		return nn.Dense(scope.In("linear"), x).Units(10).Edge().Done()
	}
}

// basicBlock is two convolutions and a shortcut of type A; last says that its output leads to the network's last layer.
func basicBlock(scope *model.Scope, x *Node, channels, strides int, last bool) *Node {
	shortcut := nn.ShortcutA(x, channels, strides)
	return residual(scope, x, basic, channels, strides, last, func() *Node { return shortcut })
}
