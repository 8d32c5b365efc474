package models_test

import (
	"context"
	"math"
	"testing"

	"github.com/lowprec/lpnets/lpq/backend"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/quant"
)

// TestTwoDevicesComputeAsOne calibrates, trains and evaluates the same network on one CPU device and on two.
func TestTwoDevicesComputeAsOne(t *testing.T) {
	if !backend.HasXLA() {
		t.Skip("only XLA has several devices, and this binary was built without it")
	}
	ctx := context.Background()
	train, test := drawStripes(1, 256), drawStripes(2, 101) // an odd number of test images
	type outcome struct {
		exponents map[string]int
		loss      float64 // of the first epoch, before rounding differences have grown
		result    models.Result
	}
	var outcomes [2]outcome
	for i := range outcomes {
		engine, err := backend.Open(backend.Options{Config: "xla:cpu", Devices: i + 1})
		if err != nil {
			t.Fatal(err)
		}
		defer engine.Finalize()
		m := must(models.New(engine, stripes, 3))
		if m.NumDevices() != i+1 {
			t.Fatalf("the model runs on %d devices, want %d", m.NumDevices(), i+1)
		}
		check(m.SetScheme(must(quant.ParseScheme("w8a8"))))
		check(m.Calibrate(ctx, train, models.CalibrateOptions{}))
		check(m.Reestimate(ctx, train, 2, models.CalibrateOptions{}))
		recipe := must(finetune.Get("demo8"))
		recipe.Batch, recipe.Augment, recipe.Rate.Start = 64, data.Augment{}, 1e-4
		history := must(finetune.Run(ctx, m, finetune.Sets{Train: train}, finetune.Options{Recipe: recipe}))
		outcomes[i] = outcome{must(m.Exponents()), history[0].Train.Loss, must(m.Evaluate(ctx, test, models.EvaluateOptions{Batch: 33}))}
	}
	one, two := outcomes[0], outcomes[1]
	for name, l := range one.exponents {
		if two.exponents[name] != l {
			t.Errorf("exponent of %s: %d on one device, %d on two", name, l, two.exponents[name])
		}
	}
	if math.Abs(one.loss-two.loss) > 1e-3*one.loss {
		t.Errorf("training loss %v on one device, %v on two", one.loss, two.loss)
	}
	if len(two.result.Predictions) != test.Len() || math.Abs(one.result.Loss()-two.result.Loss()) > 1e-2*one.result.Loss() {
		t.Errorf("%d predictions, loss %v on one device; %d, %v on two",
			len(one.result.Predictions), one.result.Loss(), len(two.result.Predictions), two.result.Loss())
	}
}
