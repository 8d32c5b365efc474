package nn_test

import (
	"math"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/nn"
)

// pooled is a pooling of one image [size, size] by obvious loops: the maximum, and the sum over the window's area.
func pooled(x []float32, size int, p nn.Pool) (maxima, means []float32) {
	for top := -p.Padding; top+p.Window <= size+p.Padding; top += p.Strides {
		for left := -p.Padding; left+p.Window <= size+p.Padding; left += p.Strides {
			best, sum := float32(math.Inf(-1)), float32(0)
			for i := max(top, 0); i < min(top+p.Window, size); i++ {
				for j := max(left, 0); j < min(left+p.Window, size); j++ {
					best, sum = max(best, x[i*size+j]), sum+x[i*size+j]
				}
			}
			maxima, means = append(maxima, best), append(means, sum/float32(p.Window*p.Window))
		}
	}
	return maxima, means
}

func TestPools(t *testing.T) {
	const size = 7
	x := make([]float32, size*size)
	for i := range x {
		x[i] = float32(i*37%23) - 30 // negative: padding with zeros must not win
	}
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		for _, p := range []nn.Pool{{2, 2, 0}, {3, 2, 1}, {3, 1, 0}, {5, 3, 2}} {
			out := run(t, b, model.NewStore(), func(_ *model.Scope, x *Node) (*Node, *Node) {
				return p.Max(x), p.Mean(x)
			}, tensors.FromFlatDataAndDimensions(x, 1, size, size, 1))
			maxima, means := pooled(x, size, p)
			for i, got := range flat(out[0]) {
				if got != maxima[i] {
					t.Errorf("%+v: maximum %d is %v, want %v", p, i, got, maxima[i])
				}
			}
			for i, got := range flat(out[1]) {
				if math.Abs(float64(got-means[i])) > 1e-5 {
					t.Errorf("%+v: mean %d is %v, want %v", p, i, got, means[i])
				}
			}
			if len(flat(out[0])) != len(maxima) || len(flat(out[1])) != len(means) {
				t.Errorf("%+v: %d maxima and %d means, want %d", p, len(flat(out[0])), len(flat(out[1])), len(maxima))
			}
		}
	})
}

func TestPoolPanicsWithEmptyWindow(t *testing.T) {
	exec := MustNewExec(testbackend.Go(t), func(x *Node) *Node { return nn.Pool{Window: 3}.Max(x) })
	if _, err := exec.Call([][][][]float32{{{{1}}}}); err == nil || !strings.Contains(err.Error(), "nn.Pool.Max") {
		t.Errorf("error %v, want one that names nn.Pool.Max", err)
	}
}
