package lpq_test

import (
	"context"
	"math"
	"os"
	"testing"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/quant"
)

// envAll, set, has TestPhotographs evaluate all that PyTorch was measured on:
//
//	LPQ_TEST_ALL=1 go test ./lpq -run TestPhotographs -v
const envAll = "LPQ_TEST_ALL"

// photographsCases is what PyTorch measured of EfficientNet-Lite0 with its published weights on 400 photographs, calibrated on 100 others, and how far ours may be.
var photographsCases = []struct {
	precision  string
	rule       quant.Rule
	top1, top5 float64 // %
	tolerance  float64 // points of top-1; an image is a quarter
	always     bool
}{
	{precision: "fp32", top1: 88.00, top5: 97.00, tolerance: 0.5, always: true},
	{precision: "w8a8", rule: quant.RuleMSE, top1: 85.50, top5: 95.25, tolerance: 0.5, always: true},
	{precision: "w8a8", rule: quant.RuleMax, top1: 84.25, top5: 96.25, tolerance: 0.5},
	{precision: "w6a6", rule: quant.RuleMax, top1: 12.75, top5: 23.00, tolerance: 2},
	{precision: "w6a6", rule: quant.RuleMSE, top1: 72.00, top5: 89.50, tolerance: 2},
}

// TestPhotographs goes the whole way from photographs to low-precision answers.
func TestPhotographs(t *testing.T) {
	if testing.Short() {
		t.Skip("evaluates EfficientNet-Lite0 on 400 photographs")
	}
	m, err := lpq.LoadModel(testbackend.XLA(t), "efficientnet_lite0", shared.Path(t, "models", "efficientnet_lite0", "efficientnet-lite0-57934424.pth"))
	if err != nil {
		t.Fatal(err)
	}
	sets, err := lpq.LoadData(shared.Path(t, "data", "imagenet-sample"), lpq.DataOptions{Network: m.Network})
	if err != nil {
		t.Fatal(err)
	}
	if sets.Train.Len() != 100 || sets.Test.Len() != 400 {
		t.Fatalf("%d and %d photographs, want 100 and 400", sets.Train.Len(), sets.Test.Len())
	}
	test := inMemory(t, sets.Test) // decoded once
	for _, c := range photographsCases {
		if !c.always && os.Getenv(envAll) == "" {
			continue
		}
		t.Run(c.precision+" "+string(c.rule), func(t *testing.T) {
			low := m
			if c.precision != "fp32" { // 10 batches of 10 are all of the 100, as evaluation sees them
				low, err = lpq.Quantize(t.Context(), m, c.precision, sets.Train, lpq.QuantizeOptions{WeightRule: c.rule, Batches: 10, Batch: 10})
				if err != nil {
					t.Fatal(err)
				}
			}
			got, err := lpq.Evaluate(t.Context(), low, test)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("top-1 %.2f %%, top-5 %.2f %%; PyTorch %.2f and %.2f", got.Top1Pct(), got.Top5Pct(), c.top1, c.top5)
			if got.Images != 400 || math.Abs(got.Top1Pct()-c.top1) > c.tolerance || math.Abs(got.Top5Pct()-c.top5) > 2*c.tolerance {
				t.Errorf("top-1 %.2f %%, top-5 %.2f %% of %d images; want %.2f within %.1f and %.2f within %.1f",
					got.Top1Pct(), got.Top5Pct(), got.Images, c.top1, c.tolerance, c.top5, 2*c.tolerance)
			}
		})
	}
}

// inMemory is a copy of a dataset.
func inMemory(t *testing.T, set data.Dataset) data.Dataset {
	t.Helper()
	var pixels []uint8
	var labels []int32
	loader := &data.Loader{Dataset: set, BatchSize: 50, Workers: 2}
	for batch, err := range loader.Epoch(context.Background(), 0, 0) {
		if err != nil {
			t.Fatal(err)
		}
		pixels, labels = append(pixels, batch.Images...), append(labels, batch.Labels...)
	}
	copied, err := data.NewMemory(set.Name(), set.Shape(), set.Classes(), labels, pixels)
	if err != nil {
		t.Fatal(err)
	}
	return copied
}
