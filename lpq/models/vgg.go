package models

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/lpq/data/raster"
	"github.com/lowprec/lpnets/lpq/nn"
)

// vggPool stands for a max pool in a table of channels.
const vggPool = 0

// vgg16 has the channels of the 3x3 convolutions of Simonyan and Zisserman, arXiv:1409.1556, table 1, configuration D.
var vgg16 = []int{64, 64, vggPool, 128, 128, vggPool, 256, 256, 256, vggPool, 512, 512, 512, vggPool, 512, 512, 512, vggPool}

// vggDense has the units of the hidden dense layers.
var vggDense = []int{4096, 4096}

const vggDropout = 0.5

func vggs() []Network { return []Network{imageNet("vgg16_bn", raster.Standard, vgg(vgg16))} }

// vgg builds a plain network with batch normalization. Names are torchvision's: numbers count every module, pools and ReLUs too.
func vgg(channels []int) func(*model.Scope, *Node) *Node {
	return func(scope *model.Scope, x *Node) *Node {
		x = nn.Quantize(scope.In("input"), x).Signed().Edge().Done()
		module := 0
		feature := func() *model.Scope {
			module++
			return scope.In("features.%d", module-1)
		}
		for i, n := range channels {
			if n == vggPool {
				feature()
				x = nn.Pool{Window: 2, Strides: 2}.Max(x)
				continue
			}
			conv := nn.Conv(feature(), x).Channels(n).Kernel(3).Padding(1).Bias()
			if i == 0 {
				conv.Edge()
			}
			x = nn.BatchNorm(feature(), conv.Done()).Done()
			x = nn.ReLU(feature(), x).Done()
		}
		x.AssertDims(-1, 7, 7, channels[len(channels)-2]) // torchvision's adaptive pool to 7x7 does nothing
		x = nn.Flatten(x.WithAlias("features"))
		for i, units := range vggDense {
			x = nn.Dense(scope.In("classifier.%d", 3*i), x).Units(units).Done()
			relu := nn.ReLU(scope.In("classifier.%d", 3*i+1), x)
			if i == len(vggDense)-1 {
				relu.Edge()
			}
			x = nn.Dropout(scope.In("classifier.%d", 3*i+2), relu.Done(), vggDropout).Done()
		}
		return nn.Dense(scope.In("classifier.%d", 3*len(vggDense)), x).Units(imageNetClasses).Edge().Done().WithAlias("classifier")
	}
}
