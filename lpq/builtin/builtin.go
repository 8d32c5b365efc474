// Package builtin holds what works with nothing fetched: a synthetic image set rendered from a seed, and a small network
// trained on it by this very software.
//
//	train, test := builtin.Data()
//	file, err := builtin.Weights() // of network builtin.Network
package builtin

import (
	_ "embed"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/weights"
)

// Network is the name in the zoo of the built-in network.
const Network = "resnet8"

// Size and seed of the built-in images. The network was trained on just these.
const (
	seed        = 1809_04191
	trainImages = 10_000
	testImages  = 4_000
)

//go:generate sh -c "cd ../.. && go run ./cmd/lpq train --model resnet8 --data builtin --recipe scratch --seed 1 --out runs/builtin && cp runs/builtin/final.safetensors lpq/builtin/resnet8.safetensors"

//go:embed resnet8.safetensors
var resnet8 []byte

// Data renders the built-in images: the same bytes everywhere. It takes about a second.
func Data() (train, test data.Dataset) { return data.Synthetic(seed, trainImages, testImages) }

// Weights parses the built-in network's weights, in fp32.
func Weights() (*weights.File, error) { return weights.Parse(resnet8) }
