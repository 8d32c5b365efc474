package models

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/data/raster"
)

const imageNetClasses = 1000

// Statistics of ImageNet's pixels in [0, 1], with which torchvision's networks were trained.
var (
	imageNetMean = []float32{0.485, 0.456, 0.406}
	imageNetStd  = []float32{0.229, 0.224, 0.225}
)

// imageNet is a network for square colour photographs of ImageNet's classes, normalized as torchvision does.
func imageNet(name string, preprocess raster.Preprocess, build func(*model.Scope, *Node) *Node) Network {
	return Network{
		Name:       name,
		Preprocess: preprocess,
		Input:      data.Shape{Height: preprocess.Crop, Width: preprocess.Crop, Channels: 3},
		Classes:    imageNetClasses,
		Mean:       imageNetMean,
		Std:        imageNetStd,
		Build:      build,
	}
}
