package nn_test

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/nn"
)

// batchStatistics is the mean and the unbiased variance of every channel of x [..., channels], in float64.
func batchStatistics(x []float32, channels int) (mean, variance []float32) {
	n := float64(len(x) / channels)
	for c := range channels {
		var sum, squares float64
		for i := c; i < len(x); i += channels {
			sum += float64(x[i])
		}
		for i := c; i < len(x); i += channels {
			squares += math.Pow(float64(x[i])-sum/n, 2)
		}
		mean, variance = append(mean, float32(sum/n)), append(variance, float32(squares/(n-1)))
	}
	return mean, variance
}

// TestStatisticsMomentum checks that weights 1, 1/2, 1/3 leave the means over the batches in the running statistics, whatever was there.
func TestStatisticsMomentum(t *testing.T) {
	const channels, batches = 3, 3
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		store := newStore(t, map[string]any{"/bn/running_mean": []float32{7, 8, 9}, "/bn/running_var": []float32{7, 8, 9}})
		exec, err := model.NewExec(b, store, func(scope *model.Scope, x, momentum *Node) *Node {
			(&nn.Run{StatisticsMomentum: momentum}).Attach(x.Graph())
			return nn.BatchNorm(scope.In("bn"), x).Done()
		})
		if err != nil {
			t.Fatal(err)
		}
		defer exec.Finalize()
		wantMean, wantVariance := make([]float32, channels), make([]float32, channels)
		for i := range batches {
			x := random(uint64(i), 4, 2, 2, channels)
			mean, variance := batchStatistics(flat(x), channels)
			for c := range channels {
				wantMean[c] += mean[c] / batches
				wantVariance[c] += variance[c] / batches
			}
			if _, err := exec.Call(x, 1/float32(i+1)); err != nil {
				t.Fatal(err)
			}
		}
		wantClose(t, "mean of the batches", store.GetVariable("/bn/running_mean").MustValue(), tensors.FromValue(wantMean), tolerance)
		wantClose(t, "mean variance of the batches", store.GetVariable("/bn/running_var").MustValue(), tensors.FromValue(wantVariance), tolerance)
	})
}

// TestBatchNormOfShiftedData compares training statistics with float64's where the mean is a hundred deviations from zero: there, the
// mean of squares minus the square of the mean has lost four digits.
func TestBatchNormOfShiftedData(t *testing.T) {
	const channels, offset = 2, 100
	x := flat(random(1, 8, 4, 4, channels))
	for i := range x {
		x[i] += offset
	}
	mean, variance := batchStatistics(x, channels)
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		store := model.NewStore()
		run(t, b, store, func(scope *model.Scope, x *Node) *Node {
			scope.Store().SetTraining(x.Graph(), true)
			return nn.BatchNorm(scope.In("bn"), x).Momentum(1).Done()
		}, tensors.FromFlatDataAndDimensions(x, 8, 4, 4, channels))
		wantClose(t, "mean", store.GetVariable("/bn/running_mean").MustValue(), tensors.FromValue(mean), tolerance)
		wantClose(t, "variance", store.GetVariable("/bn/running_var").MustValue(), tensors.FromValue(variance), tolerance)
	})
}

// TestBatchNormOptions checks epsilon and momentum by hand: of the values 1 and 3, mean 2, variance 1 (biased) and 2 (unbiased).
func TestBatchNormOptions(t *testing.T) {
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		store := model.NewStore()
		out := run(t, b, store, func(scope *model.Scope, x *Node) *Node {
			scope.Store().SetTraining(x.Graph(), true)
			return nn.BatchNorm(scope.In("bn"), x).Epsilon(3).Momentum(0.25).Done()
		}, [][]float32{{1}, {3}})
		wantClose(t, "y", out[0], tensors.FromValue([][]float32{{-0.5}, {0.5}}), tolerance) // (1-2)/sqrt(1+3)
		wantClose(t, "running mean", store.GetVariable("/bn/running_mean").MustValue(), tensors.FromValue([]float32{0.5}), tolerance)
		wantClose(t, "running variance", store.GetVariable("/bn/running_var").MustValue(), tensors.FromValue([]float32{1.25}), tolerance)
	})
}
