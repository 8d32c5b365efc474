package models

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/lpq/nn"
)

// blockConv is a convolution of a residual block, followed by batch normalization.
type blockConv struct {
	kernel    int
	expansion int  // times the block's width are its channels
	strided   bool // the block's strides are this one's
}

// The two residual blocks of He et al., arXiv:1512.03385. The bottleneck's strides are those of its 3x3 convolution, as in torchvision.
var (
	basic      = []blockConv{{kernel: 3, expansion: 1, strided: true}, {kernel: 3, expansion: 1}}
	bottleneck = []blockConv{{kernel: 1, expansion: 1}, {kernel: 3, expansion: 1, strided: true}, {kernel: 1, expansion: 4}}
)

// residual is ReLU(convolutions(x) + shortcut()), with a ReLU after every convolution but the last. The addition is on wide values: its quantizer is
// the ReLU's. last says that the output leads to the network's last layer.
func residual(scope *model.Scope, x *Node, convs []blockConv, width, strides int, last bool, shortcut func() *Node) *Node {
	for i, c := range convs {
		conv := nn.Conv(scope.In("conv%d", i+1), x).Channels(width * c.expansion).Kernel(c.kernel).Padding(c.kernel / 2)
		if c.strided {
			conv.Strides(strides)
		}
		x = nn.BatchNorm(scope.In("bn%d", i+1), conv.Done()).Done()
		if i < len(convs)-1 {
			x = nn.ReLU(scope.In("relu%d", i+1), x).Done()
		}
	}
	relu := nn.ReLU(scope.In("relu%d", len(convs)), Add(x, shortcut()))
	if last {
		relu.Edge()
	}
	return relu.Done()
}
