package finetune_test

import (
	"strconv"
	"testing"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/optim"
	"github.com/lowprec/lpnets/lpq/quant"
)

// BenchmarkStep is the bare training step, on random weights and noise.
//
//	go test ./lpq/finetune -run XXX -bench Step
//	go test ./lpq/finetune -run XXX -bench Step/resnet18/fp32
func BenchmarkStep(b *testing.B) {
	for _, row := range []struct {
		network string
		batch   int
	}{{"resnet20", 128}, {"resnet18", 32}} {
		for _, precision := range []string{"fp32", "w8a8", "w4a4"} {
			b.Run(row.network+"/"+precision, func(b *testing.B) { benchmarkStep(b, row.network, row.batch, precision) })
		}
	}
}

func benchmarkStep(b *testing.B, name string, batch int, precision string) {
	network, err := models.Get(name)
	if err != nil {
		b.Fatal(err)
	}
	m, err := models.New(testbackend.XLA(b), network, 0)
	if err != nil {
		b.Fatal(err)
	}
	scheme, err := quant.ParseScheme(precision)
	if err != nil {
		b.Fatal(err)
	}
	if err := m.SetScheme(scheme); err != nil {
		b.Fatal(err)
	}
	train := noiseFor(b, network, batch)
	if err := m.Calibrate(b.Context(), train, models.CalibrateOptions{Batches: 1, Batch: batch}); err != nil {
		b.Fatal(err)
	}
	stepper, err := finetune.NewStepper(m, scheme, optim.SGD{Momentum: 0.9, WeightDecay: 1e-4})
	if err != nil {
		b.Fatal(err)
	}
	defer stepper.Close()
	timeSteps(b, stepper, firstBatch(b, train, batch))
	testbackend.ReportPeak(b)
}

// noiseFor is n images of a network's shape.
func noiseFor(b *testing.B, network models.Network, n int) data.Dataset {
	b.Helper()
	classes := make([]string, network.Classes)
	for i := range classes {
		classes[i] = strconv.Itoa(i)
	}
	labels, pixels := make([]int32, n), make([]uint8, n*network.Input.Size())
	for i := range labels {
		labels[i] = int32(i % network.Classes)
	}
	state := uint32(1)
	for i := range pixels {
		state = state*1664525 + 1013904223
		pixels[i] = uint8(state >> 24)
	}
	set, err := data.NewMemory("noise", network.Input, classes, labels, pixels)
	if err != nil {
		b.Fatal(err)
	}
	return set
}
