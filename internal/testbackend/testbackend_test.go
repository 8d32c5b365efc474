package testbackend_test

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/lowprec/lpnets/internal/testbackend"
)

func TestForEachComputes(t *testing.T) {
	seen := map[compute.Backend]string{}
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		seen[b] = t.Name()
		got := graph.MustExecOnce(b, func(x *graph.Node) *graph.Node { return graph.ReduceAllSum(x) }, []float32{1, 2, 4})
		if sum := tensors.ToScalar[float32](got); sum != 7 {
			t.Errorf("%s: sum is %v, want 7", b.Name(), sum)
		}
	})
	if len(seen) == 0 {
		t.Fatal("no engine was tested")
	}
}
