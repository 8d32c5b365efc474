package nn_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/nn"
)

// dropped is a training run of dropout on ones [batch, n] for an input image, and the gradient of its sum.
func dropped(t *testing.T, b compute.Backend, scope string, input []uint8, rate float64, perImage bool, batch, n int) (y, gradient []float32) {
	t.Helper()
	out := run(t, b, model.NewStore(), func(s *model.Scope, x, input *Node) []*Node {
		s.Store().SetTraining(x.Graph(), true)
		(&nn.Run{Input: input}).Attach(x.Graph())
		layer := nn.Dropout(s.In("%s", scope), x, rate)
		if perImage {
			layer.PerImage()
		}
		y := layer.Done()
		return []*Node{y, Gradient(ReduceAllSum(y), x)[0]}
	}, tensors.FromFlatDataAndDimensions(slices.Repeat([]float32{1}, batch*n), batch, n), input)
	return flat(out[0]), flat(out[1])
}

func TestDropout(t *testing.T) {
	const batch, n, rate = 64, 1000, 0.2
	reference, _ := dropped(t, testbackend.Go(t), "drop", []uint8{1, 2, 3}, rate, false, batch, n)
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		y, gradient := dropped(t, b, "drop", []uint8{1, 2, 3}, rate, false, batch, n)
		if !slices.Equal(y, reference) {
			t.Error("another engine drops others")
		}
		if !slices.Equal(y, gradient) { // x is 1
			t.Error("gradients do not pass where values do")
		}
	})
	kept := 0
	for _, v := range reference {
		switch v {
		case 1 / (1 - rate):
			kept++
		case 0:
		default:
			t.Fatalf("1 became %v, want 0 or %v", v, 1/(1-rate))
		}
	}
	const total = batch * n
	if sigma := math.Sqrt(rate * (1 - rate) / total); math.Abs(float64(kept)/total-(1-rate)) > 4*sigma {
		t.Errorf("%d of %d are kept, want a share of %v", kept, total, 1-rate)
	}
	for _, other := range []struct {
		name, scope string
		input       []uint8
	}{{"another batch", "drop", []uint8{1, 2, 4}}, {"the same pixels in another order", "drop", []uint8{2, 1, 3}}, {"another layer", "other", []uint8{1, 2, 3}}} {
		y, _ := dropped(t, testbackend.Go(t), other.scope, other.input, rate, false, batch, n)
		both := 0
		for i, v := range y {
			if v > 0 && reference[i] > 0 {
				both++
			}
		}
		const p = (1 - rate) * (1 - rate) // of independent masks
		if sigma := math.Sqrt(p * (1 - p) / total); math.Abs(float64(both)/total-p) > 5*sigma {
			t.Errorf("%s keeps %v of what the first keeps too, want %v", other.name, float64(both)/total, p)
		}
	}
}

func TestDropoutPerImage(t *testing.T) {
	const batch, n = 200, 3
	y, _ := dropped(t, testbackend.Go(t), "drop", []uint8{1}, 0.5, true, batch, n)
	kept := 0
	for i := range batch {
		image := y[i*n : (i+1)*n]
		if image[0] != image[1] || image[1] != image[2] {
			t.Errorf("image %d is dropped in part: %v", i, image)
		}
		if image[0] > 0 {
			kept++
		}
	}
	if kept < 70 || kept > 130 { // four standard errors of 7
		t.Errorf("%d of %d images are kept, want about half", kept, batch)
	}
}

func TestDropoutOutsideOfTraining(t *testing.T) {
	x := []float32{1, 2, 3}
	out := run(t, testbackend.Go(t), model.NewStore(), func(scope *model.Scope, x *Node) *Node { return nn.Dropout(scope.In("drop"), x, 0.5).Done() }, x)
	if got := flat(out[0]); !slices.Equal(got, x) {
		t.Errorf("%v, want %v", got, x)
	}
	wantPanic(t, testbackend.Go(t), model.NewStore(), func(scope *model.Scope, x *Node) *Node { return nn.Dropout(scope.In("drop"), x, 1).Done() },
		x, "/drop", "rate 1")
}
