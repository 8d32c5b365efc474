package models_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/lpq/backend"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/nn"
	"github.com/lowprec/lpnets/lpq/quant"
)

// stripes is a network of one's own: the same description serves every precision.
var stripes = models.Network{
	Name: "stripes", Input: data.Shape{Height: 16, Width: 16, Channels: 1}, Classes: 8, Mean: []float32{0.5}, Std: []float32{0.25},
	Build: func(scope *model.Scope, x *Node) *Node {
		x = nn.Quantize(scope.In("input"), x).Signed().Edge().Done()
		x = nn.Conv(scope.In("conv1"), x).Channels(8).Kernel(3).Strides(2).Padding(1).Edge().Done()
		x = nn.ReLU(scope.In("relu1"), nn.BatchNorm(scope.In("bn1"), x).Done()).Done()
		x = nn.Conv(scope.In("conv2"), x).Channels(16).Kernel(3).Padding(1).Done()
		x = nn.ReLU(scope.In("relu2"), nn.BatchNorm(scope.In("bn2"), x).Done()).Done()
		x = nn.Conv(scope.In("conv3"), x).Channels(16).Kernel(3).Strides(2).Padding(1).Done()
		x = nn.ReLU(scope.In("relu3"), nn.BatchNorm(scope.In("bn3"), x).Done()).Edge().Done()
		return nn.Dense(scope.In("fc"), nn.GlobalMeanPool(x)).Units(8).Edge().Done()
	},
}

// A network that is not in the zoo is trained, quantized to 2 bits, calibrated and fine-tuned.
func Example() {
	ctx := context.Background()
	engine := must(backend.Open(backend.Options{}))
	train, test := drawStripes(1, 1024), drawStripes(2, 512)
	accuracy := func(m *models.Model) float64 { return must(m.Evaluate(ctx, test, models.EvaluateOptions{})).Top1Pct() }
	tune := func(m *models.Model, name, precision string, epochs int, rate float64) {
		recipe := must(finetune.Get(name))
		recipe.Scheme, recipe.Epochs, recipe.Batch, recipe.Augment = precision, epochs, 32, data.Augment{}
		recipe.Rate.Start = rate
		must(finetune.Run(ctx, m, finetune.Sets{Train: train}, finetune.Options{Recipe: recipe}))
	}

	float := must(models.New(engine, stripes, 0))
	tune(float, "scratch", "fp32", 4, 0.2)
	low := must(float.Clone())
	check(low.SetScheme(must(quant.ParseScheme("w2a2"))))
	check(low.Calibrate(ctx, train, models.CalibrateOptions{}))
	before := accuracy(low)
	tune(low, "cifar4", "w2a2", 3, 0.01)

	lost, left := accuracy(float)-before, accuracy(float)-accuracy(low)
	fmt.Println("2 bits lose more than twenty points:", lost > 20)
	fmt.Println("fine-tuning wins back more than half:", left < lost/2)
	fmt.Println("they take less than a quarter of the memory:", 4*low.SizeBytes() < float.SizeBytes())
	// Output:
	// 2 bits lose more than twenty points: true
	// fine-tuning wins back more than half: true
	// they take less than a quarter of the memory: true
}

// drawStripes renders noisy stripes in eight directions.
func drawStripes(seed uint64, n int) data.Dataset {
	rng := rand.New(rand.NewPCG(seed, 0))
	size := stripes.Input.Size()
	pixels, labels := make([]uint8, n*size), make([]int32, n)
	for i := range labels {
		labels[i] = int32(i % 8)
		direction, phase := float64(labels[i])*math.Pi/8, rng.Float64()*2*math.Pi
		for j := range size {
			wave := math.Sin(float64(j/16)*math.Cos(direction) + float64(j%16)*math.Sin(direction) + phase)
			pixels[i*size+j] = uint8(min(max(128+30*wave+60*rng.NormFloat64(), 0), 255))
		}
	}
	return must(data.NewMemory("stripes", stripes.Input, strings.Split("abcdefgh", ""), labels, pixels))
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
