package finetune_test

import (
	"context"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/nn"
	"github.com/lowprec/lpnets/lpq/optim"
	"github.com/lowprec/lpnets/lpq/quant"
)

// residual is ResNet-20 with another ReLU.
func residual(relu func(*Node) *Node) func(*model.Scope, *Node) *Node {
	return func(scope *model.Scope, x *Node) *Node {
		layer := func(name string, x *Node, channels, strides int) *Node {
			x = nn.Conv(scope.In("conv%s", name), x).Channels(channels).Kernel(3).Strides(strides).Padding(1).Done()
			return nn.BatchNorm(scope.In("bn%s", name), x).Done()
		}
		x = relu(layer("", x, 16, 1))
		for _, block := range []struct {
			name              string
			channels, strides int
		}{
			{"1.0", 16, 1}, {"1.1", 16, 1}, {"1.2", 16, 1},
			{"2.0", 32, 2}, {"2.1", 32, 1}, {"2.2", 32, 1},
			{"3.0", 64, 2}, {"3.1", 64, 1}, {"3.2", 64, 1},
		} {
			shortcut := nn.ShortcutA(x, block.channels, block.strides)
			x = relu(layer(block.name+".1", x, block.channels, block.strides))
			x = relu(Add(layer(block.name+".2", x, block.channels, 1), shortcut))
		}
		return nn.Dense(scope.In("linear"), nn.GlobalMeanPool(x)).Units(10).Done()
	}
}

// BenchmarkReLU is the float training step of ResNet-20, batch 128, with quant.ReLU and with its plain twin.
func BenchmarkReLU(b *testing.B) {
	engine := testbackend.XLA(b)
	train, _ := data.Synthetic(1, 128, 10)
	batch := firstBatch(b, train, 128)
	for _, form := range []struct {
		name string
		relu func(x *Node) *Node
	}{
		{"select", quant.ReLU},
		{"plain", func(x *Node) *Node { return MaxScalar(x, 0) }},
	} {
		b.Run(form.name, func(b *testing.B) {
			network, err := models.Get("resnet20")
			if err != nil {
				b.Fatal(err)
			}
			network.Build = residual(form.relu)
			m, err := models.New(engine, network, 0)
			if err != nil {
				b.Fatal(err)
			}
			stepper, err := finetune.NewStepper(m, quant.Scheme{}, optim.SGD{Momentum: 0.9, WeightDecay: 1e-4})
			if err != nil {
				b.Fatal(err)
			}
			defer stepper.Close()
			timeSteps(b, stepper, batch)
		})
	}
}

// firstBatch is the first images of a data set.
func firstBatch(t testing.TB, set data.Dataset, size int) data.Batch {
	t.Helper()
	loader := &data.Loader{Dataset: set, BatchSize: size}
	for batch, err := range loader.Epoch(context.Background(), 0, 0) {
		if err != nil {
			t.Fatal(err)
		}
		return batch
	}
	panic("an epoch without batches")
}

// timeSteps compiles and then measures training steps.
func timeSteps(b *testing.B, stepper *finetune.Stepper, batch data.Batch) {
	b.Helper()
	step := func() {
		if _, err := stepper.Step(batch, 1e-3); err != nil {
			b.Fatal(err)
		}
	}
	step()
	images := 0
	for b.Loop() {
		step()
		images += batch.Size
	}
	b.ReportMetric(float64(images)/b.Elapsed().Seconds(), "images/s")
}
