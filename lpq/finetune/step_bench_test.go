package finetune_test

import (
	"context"
	"testing"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/optim"
	"github.com/lowprec/lpnets/lpq/quant"
)

// BenchmarkStep is the bare training step of ResNet-20, batch 128, on random weights and the built-in images.
func BenchmarkStep(b *testing.B) {
	backend := testbackend.XLA(b)
	network, err := models.Get("resnet20")
	if err != nil {
		b.Fatal(err)
	}
	train, _ := data.Synthetic(1, 512, 10)
	for _, name := range []string{"fp32", "w4a4"} {
		b.Run(name, func(b *testing.B) {
			m, err := models.New(backend, network, 0)
			if err != nil {
				b.Fatal(err)
			}
			scheme, err := quant.ParseScheme(name)
			if err != nil {
				b.Fatal(err)
			}
			if err := m.SetScheme(scheme); err != nil {
				b.Fatal(err)
			}
			ctx := context.Background()
			if err := m.Calibrate(ctx, train, models.CalibrateOptions{}); err != nil {
				b.Fatal(err)
			}
			stepper, err := finetune.NewStepper(m, scheme, optim.SGD{Momentum: 0.9, WeightDecay: 1e-4})
			if err != nil {
				b.Fatal(err)
			}
			defer stepper.Close()
			timeSteps(b, stepper, firstBatch(b, train, 128))
		})
	}
}
