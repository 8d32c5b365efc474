package nn_test

import (
	"fmt"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/nn"
)

// withGradients returns y and the gradients of sum(y*dy) to x and to the variables of the scope with these names.
func withGradients(scope *model.Scope, y, dy, x *Node, names ...string) []*Node {
	wrt := []*Node{x}
	for _, name := range names {
		wrt = append(wrt, scope.GetVariable(name).NodeValue(x.Graph()))
	}
	return append([]*Node{y}, Gradient(ReduceAllSum(Mul(y, dy)), wrt...)...)
}

func TestConvEqualsPyTorch(t *testing.T) {
	var cases []struct {
		X               array4 `json:"x_nchw"`
		W               array4 `json:"w_oihw"`
		Stride, Padding int
		Y, Dy, Dx, Dw   array4
	}
	readPrimitives(t, "conv2d", &cases)
	if len(cases) != 5 {
		t.Fatalf("%d convolutions in the golden, want 5", len(cases))
	}
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		for i, c := range cases {
			w := c.W.hwio()
			store := newStore(t, map[string]any{"/conv/weight": w})
			out := run(t, b, store, func(scope *model.Scope, x, dy *Node) []*Node {
				conv := scope.In("conv")
				y := nn.Conv(conv, x).Channels(len(c.W)).Kernel(len(c.W[0][0])).Strides(c.Stride).Padding(c.Padding).Done()
				return withGradients(conv, y, dy, x, "weight")
			}, c.X.nhwc(), c.Dy.nhwc())
			name := fmt.Sprintf("convolution %d", i)
			wantClose(t, name, out[0], c.Y.nhwc(), tolerance)
			wantClose(t, name+": gradient to x", out[1], c.Dx.nhwc(), tolerance)
			wantClose(t, name+": gradient to the weight", out[2], c.Dw.hwio(), tolerance)
		}
	})
}

// goldenBatchNorm is the part batch_norm: three training steps that share the running statistics, and an evaluation.
type goldenBatchNorm struct {
	Weight, Bias []float32
	RunningMean0 []float32 `json:"running_mean0"`
	RunningVar0  []float32 `json:"running_var0"`
	Train        []struct {
		X           array4 `json:"x_nchw"`
		Dy, Y, Dx   array4
		Dweight     []float32
		Dbias       []float32
		RunningMean []float32 `json:"running_mean"`
		RunningVar  []float32 `json:"running_var"`
	}
	Eval struct {
		X array4 `json:"x_nchw"`
		Y array4
	}
}

func (g *goldenBatchNorm) store(t *testing.T) *model.Store {
	return newStore(t, map[string]any{"/bn/weight": g.Weight, "/bn/bias": g.Bias, "/bn/running_mean": g.RunningMean0, "/bn/running_var": g.RunningVar0})
}

func TestBatchNormEqualsPyTorch(t *testing.T) {
	var g goldenBatchNorm
	readPrimitives(t, "batch_norm", &g)
	if len(g.Train) != 3 {
		t.Fatalf("%d training steps in the golden, want 3", len(g.Train))
	}
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		store := g.store(t)
		step, err := model.NewExec(b, store, func(scope *model.Scope, x, dy *Node) []*Node {
			scope.Store().SetTraining(x.Graph(), true)
			bn := scope.In("bn")
			return withGradients(bn, nn.BatchNorm(bn, x).Done(), dy, x, "weight", "bias")
		})
		if err != nil {
			t.Fatal(err)
		}
		defer step.Finalize()
		for i, want := range g.Train {
			out, err := step.Call(want.X.nhwc(), want.Dy.nhwc())
			if err != nil {
				t.Fatal(err)
			}
			name := fmt.Sprintf("step %d: ", i)
			wantClose(t, name+"y", out[0], want.Y.nhwc(), tolerance)
			wantClose(t, name+"gradient to x", out[1], want.Dx.nhwc(), tolerance)
			wantClose(t, name+"gradient to weight", out[2], tensors.FromValue(want.Dweight), tolerance)
			wantClose(t, name+"gradient to bias", out[3], tensors.FromValue(want.Dbias), tolerance)
			wantClose(t, name+"running mean", store.GetVariable("/bn/running_mean").MustValue(), tensors.FromValue(want.RunningMean), tolerance)
			wantClose(t, name+"running variance", store.GetVariable("/bn/running_var").MustValue(), tensors.FromValue(want.RunningVar), tolerance)
		}
		out := run(t, b, store, func(scope *model.Scope, x *Node) *Node { return nn.BatchNorm(scope.In("bn"), x).Done() }, g.Eval.X.nhwc())
		wantClose(t, "evaluation: y", out[0], g.Eval.Y.nhwc(), tolerance)
		wantClose(t, "evaluation leaves the running mean", store.GetVariable("/bn/running_mean").MustValue(), tensors.FromValue(g.Train[2].RunningMean), tolerance)
	})
}

func TestCrossEntropyEqualsPyTorch(t *testing.T) {
	var g struct {
		Logits, Dlogits [][]float32
		Labels          []int32
		Loss            float32
	}
	readPrimitives(t, "cross_entropy", &g)
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		out := run(t, b, model.NewStore(), func(_ *model.Scope, logits, labels *Node) (loss, gradient *Node) {
			loss = nn.CrossEntropy(logits, labels)
			return loss, Gradient(loss, logits)[0]
		}, g.Logits, g.Labels)
		wantClose(t, "loss", out[0], tensors.FromValue(g.Loss), tolerance)
		wantClose(t, "gradient", out[1], tensors.FromValue(g.Dlogits), tolerance)
	})
}

func TestCrossEntropyOfLargeLogits(t *testing.T) {
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		out := run(t, b, model.NewStore(), func(_ *model.Scope, logits, labels *Node) *Node { return nn.CrossEntropy(logits, labels) },
			[][]float32{{1000, 0, -1000}, {0, 0, 500}}, []int32{0, 0})
		wantClose(t, "loss", out[0], tensors.FromValue(float32(250)), tolerance) // (0 + 500)/2
	})
}
