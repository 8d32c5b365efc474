package models

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/lpq/data/raster"
	"github.com/lowprec/lpnets/lpq/nn"
)

// mbStage is a row of inverted residual blocks; the strides are the first one's.
type mbStage struct{ blocks, kernel, strides, expansion, channels int }

// efficientNetLite0 is the first of the EfficientNet-Lite family, Google's EfficientNet-B0 (Tan and Le, arXiv:1905.11946, table 1) without
// squeeze-and-excitation and with ReLU6 for swish.
var efficientNetLite0 = []mbStage{
	{1, 3, 1, 1, 16},
	{2, 3, 2, 6, 24},
	{2, 5, 2, 6, 40},
	{3, 3, 2, 6, 80},
	{3, 5, 1, 6, 112},
	{4, 5, 2, 6, 192},
	{1, 3, 1, 6, 320},
}

const (
	efficientNetStem     = 32
	efficientNetHead     = 1280
	efficientNetEpsilon  = 1e-3 // of batch normalization; the weights were trained with it
	efficientNetMomentum = 0.01
	efficientNetDropout  = 0.2 // of the last features, and of the last block as a whole
)

func efficientNets() []Network {
	n := imageNet("efficientnet_lite0", raster.Lite0, efficientNet(efficientNetLite0))
	n.PixelScale, n.Mean, n.Std = 1, []float32{127, 127, 127}, []float32{128, 128, 128} // (x - 127)/128
	return []Network{n}
}

// efficientNet builds the network. Names are those of the package efficientnet_pytorch. Blocks are joined by signed values: a block's quantizer
// stands behind the residual addition.
func efficientNet(stages []mbStage) func(*model.Scope, *Node) *Node {
	total := 0
	for _, stage := range stages {
		total += stage.blocks
	}
	return func(scope *model.Scope, x *Node) *Node {
		x = nn.Quantize(scope.In("input"), x).Signed().Edge().Done()
		x = nn.Conv(scope.In("_conv_stem"), x).Channels(efficientNetStem).Kernel(3).Strides(2).PadSame().Edge().Done()
		x = nn.ReLU6(scope.In("relu0"), efficientNetNorm(scope, "_bn0", x)).Done()
		block := 0
		for _, stage := range stages {
			for j := range stage.blocks {
				b := stage
				if j > 0 {
					b.strides = 1
				}
				x = b.block(scope.In("_blocks.%d", block), x, efficientNetDropout*float64(block)/float64(total))
				block++
			}
		}
		x = nn.Conv(scope.In("_conv_head"), x).Channels(efficientNetHead).Done()
		x = nn.ReLU6(scope.In("relu1"), efficientNetNorm(scope, "_bn1", x)).Edge().Done().WithAlias("features")
		x = nn.Quantize(scope.In("pool"), nn.GlobalMeanPool(x)).Edge().Done()
		x = nn.Dropout(scope.In("dropout"), x, efficientNetDropout).Done()
		return nn.Dense(scope.In("_fc"), x).Units(imageNetClasses).Edge().Done()
	}
}

// block is an inverted residual block (Sandler et al., arXiv:1801.04381): wide, a depthwise convolution, narrow again, added to x where the
// shapes agree. drop is the probability with which training leaves the block out.
func (b mbStage) block(scope *model.Scope, x *Node, drop float64) *Node {
	in := x.Shape().Dimensions[3]
	y := x
	if b.expansion > 1 {
		y = nn.Conv(scope.In("_expand_conv"), y).Channels(in * b.expansion).Done()
		y = nn.ReLU6(scope.In("relu0"), efficientNetNorm(scope, "_bn0", y)).Done()
	}
	wide := in * b.expansion
	y = nn.Conv(scope.In("_depthwise_conv"), y).Channels(wide).Groups(wide).Kernel(b.kernel).Strides(b.strides).PadSame().Done()
	y = nn.ReLU6(scope.In("relu1"), efficientNetNorm(scope, "_bn1", y)).Done()
	y = nn.Conv(scope.In("_project_conv"), y).Channels(b.channels).Done()
	y = efficientNetNorm(scope, "_bn2", y)
	if b.strides == 1 && in == b.channels {
		y = Add(nn.Dropout(scope.In("drop"), y, drop).PerImage().Done(), x)
	}
	return nn.Quantize(scope.In("output"), y).Signed().Done()
}

func efficientNetNorm(scope *model.Scope, name string, x *Node) *Node {
	return nn.BatchNorm(scope.In("%s", name), x).Epsilon(efficientNetEpsilon).Momentum(efficientNetMomentum).Done()
}
