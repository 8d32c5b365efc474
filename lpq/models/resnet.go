package models

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/lpq/data/raster"
	"github.com/lowprec/lpnets/lpq/nn"
)

// resnetTable has the residual networks for ImageNet of He et al., arXiv:1512.03385, table 1: blocks in each of four stages.
var resnetTable = []struct {
	name   string
	convs  []blockConv
	blocks [4]int
}{
	{"resnet18", basic, [4]int{2, 2, 2, 2}},
	{"resnet34", basic, [4]int{3, 4, 6, 3}},
	{"resnet50", bottleneck, [4]int{3, 4, 6, 3}},
	{"resnet152", bottleneck, [4]int{3, 8, 36, 3}},
}

func imageNetResNets() (networks []Network) {
	for _, row := range resnetTable {
		networks = append(networks, imageNet(row.name, raster.Standard, resnet(row.convs, row.blocks)))
	}
	return networks
}

// resnet builds a residual network. Names are torchvision's. Stages are half as large and twice as wide as the one before, from 64 channels on.
func resnet(convs []blockConv, blocks [4]int) func(*model.Scope, *Node) *Node {
	return func(scope *model.Scope, x *Node) *Node {
		x = nn.Quantize(scope.In("input"), x).Signed().Edge().Done()
		x = nn.Conv(scope.In("conv1"), x).Channels(64).Kernel(7).Strides(2).Padding(3).Edge().Done().WithAlias("conv1")
		x = nn.BatchNorm(scope.In("bn1"), x).Done().WithAlias("bn1")
		x = nn.ReLU(scope.In("relu"), x).Done().WithAlias("relu")
		x = nn.Pool{Window: 3, Strides: 2, Padding: 1}.Max(x).WithAlias("maxpool")
		expansion := convs[len(convs)-1].expansion
		for i, n := range blocks {
			width := 64 << i
			for j := range n {
				strides := 1
				if i > 0 && j == 0 {
					strides = 2
				}
				block, in := scope.In("layer%d.%d", i+1, j), x
				last := i == len(blocks)-1 && j == n-1
				x = residual(block, in, convs, width, strides, last, func() *Node {
					return projection(block, in, width*expansion, strides)
				})
			}
			x.AssertDims(-1, -1, -1, width*expansion)
			x.WithAlias(fmt.Sprintf("layer%d", i+1))
		}
		x = nn.Quantize(scope.In("avgpool"), nn.GlobalMeanPool(x).WithAlias("avgpool")).Edge().Done()
		return nn.Dense(scope.In("fc"), x).Units(imageNetClasses).Edge().Done()
	}
}

// projection is the shortcut of a block: x itself, or where its shape does not fit, a 1x1 convolution with batch normalization (option B).
func projection(scope *model.Scope, x *Node, channels, strides int) *Node {
	if strides == 1 && x.Shape().Dimensions[3] == channels {
		return x
	}
	x = nn.Conv(scope.In("downsample.0"), x).Channels(channels).Strides(strides).Done()
	return nn.BatchNorm(scope.In("downsample.1"), x).Done()
}
