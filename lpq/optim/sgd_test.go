package optim_test

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/optim"
)

// tolerance is relative to the largest weight: float32 has 6e-8.
const tolerance = 1e-6

// golden is what torch.optim.SGD made of w0, gradient by gradient.
type golden struct {
	W0          []float32
	Grads, W    [][]float32
	LR          []float64
	Momentum    float64
	WeightDecay float64 `json:"weight_decay"`
}

func readGolden(t *testing.T, part string) (g golden) {
	t.Helper()
	text, err := os.ReadFile(shared.Path(t, "golden", "primitives.json"))
	if err != nil {
		t.Fatal(err)
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(parts[part], &g); err != nil {
		t.Fatalf("golden/primitives.json, %s: %v", part, err)
	}
	if len(g.W) != 6 || len(g.Grads) != 6 {
		t.Fatalf("golden %s has %d steps, want 6", part, len(g.W))
	}
	return g
}

// newStore makes a store with the variable /net/weight.
func newStore(t *testing.T, weight []float32) *model.Store {
	t.Helper()
	store := model.NewStore()
	if _, err := store.CreateVariable("/net/weight", tensors.FromValue(weight)); err != nil {
		t.Fatal(err)
	}
	return store
}

func value(store *model.Store, path string) []float32 {
	return tensors.MustCopyFlatData[float32](store.GetVariable(path).MustValue())
}

// linear is a loss whose gradient to /net/weight is what was passed.
func linear(scope *model.Scope, gradient *Node) *Node {
	w := scope.In("net").VariableWithShape("weight", gradient.Shape())
	return ReduceAllSum(Mul(w.NodeValue(gradient.Graph()), gradient))
}

func TestSGDEqualsPyTorch(t *testing.T) {
	for _, part := range []string{"sgd", "sgd_nesterov"} {
		g := readGolden(t, part)
		sgd := optim.SGD{Momentum: g.Momentum, WeightDecay: g.WeightDecay, Nesterov: part == "sgd_nesterov"}
		t.Run(part, func(t *testing.T) {
			testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
				store := newStore(t, g.W0)
				exec, err := model.NewExec(b, store, func(scope *model.Scope, gradient, lr *Node) *Node {
					loss := linear(scope, gradient)
					sgd.Step(scope, loss, lr)
					return loss
				})
				if err != nil {
					t.Fatal(err)
				}
				defer exec.Finalize()
				for i := range g.W {
					if _, err := exec.Call(g.Grads[i], float32(g.LR[i])); err != nil {
						t.Fatal(err)
					}
					wantClose(t, i, value(store, "/net/weight"), g.W[i])
				}
			})
		})
	}
}

func wantClose(t *testing.T, step int, got, want []float32) {
	t.Helper()
	var largest, difference float64
	for i := range want {
		largest = max(largest, math.Abs(float64(want[i])))
		difference = max(difference, math.Abs(float64(got[i])-float64(want[i])))
	}
	if !(difference <= tolerance*largest) {
		t.Errorf("step %d: %v, want %v: they differ by %g of the largest", step, got, want, difference/largest)
	}
}

// TestPlainGradientDescent is the zero value: no momentum, hence no velocity is kept, no decay.
func TestPlainGradientDescent(t *testing.T) {
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		store := newStore(t, []float32{1, 2})
		if _, err := model.CallOnceN(b, store, func(scope *model.Scope, gradient *Node) *Node {
			loss := linear(scope, gradient)
			optim.SGD{}.Step(scope, loss, Scalar(loss.Graph(), loss.DType(), 0.5))
			return loss
		}, []float32{2, -4}); err != nil {
			t.Fatal(err)
		}
		wantClose(t, 0, value(store, "/net/weight"), []float32{0, 4})
		if v := store.GetVariable(optim.VelocityPath("/net/weight")); v != nil {
			t.Errorf("%s was made", v.Path())
		}
	})
}

// TestFrozenVariablesStay checks that only trainable variables that the loss uses are updated.
func TestFrozenVariablesStay(t *testing.T) {
	store := newStore(t, []float32{1})
	for _, path := range []string{"/net/frozen", "/net/unused"} {
		v, err := store.CreateVariable(path, tensors.FromValue([]float32{1}))
		if err != nil {
			t.Fatal(err)
		}
		v.SetTrainable(path == "/net/unused")
	}
	if _, err := model.CallOnceN(testbackend.Go(t), store, func(scope *model.Scope, gradient *Node) *Node {
		frozen := scope.Store().GetVariable("/net/frozen").NodeValue(gradient.Graph())
		loss := Add(linear(scope, gradient), ReduceAllSum(frozen))
		optim.SGD{WeightDecay: 1}.Step(scope, loss, Scalar(loss.Graph(), loss.DType(), 0.5))
		return loss
	}, []float32{1}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]float32{"/net/weight": 0, "/net/frozen": 1, "/net/unused": 1} {
		if got := value(store, path)[0]; got != want {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
}

func TestStepRefusesVectors(t *testing.T) {
	_, err := model.CallOnceN(testbackend.Go(t), newStore(t, []float32{1, 2}), func(scope *model.Scope, gradient *Node) *Node {
		loss := linear(scope, gradient)
		optim.SGD{}.Step(scope, loss, gradient)
		return loss
	}, []float32{1, 1})
	if err == nil || !strings.Contains(err.Error(), "optim.SGD") || !strings.Contains(err.Error(), "want scalars") {
		t.Errorf("error %v, want one that asks for scalars", err)
	}
}

// TestUnderGoMLXTrainer follows the golden with GoMLX's trainer, whose learning rate is a variable, and clears the state.
func TestUnderGoMLXTrainer(t *testing.T) {
	g := readGolden(t, "sgd")
	store := newStore(t, g.W0)
	store.SetParam(optimizer.ParamLearningRate, g.LR[0])
	sgd := optim.SGD{Momentum: g.Momentum, WeightDecay: g.WeightDecay}
	trainer := train.NewTrainer(testbackend.Go(t), store, linear,
		func(_, predictions []*Node) *Node { return predictions[0] }, sgd, nil, nil)
	step := func(i int) {
		t.Helper()
		batch := train.Batch{Inputs: []*tensors.Tensor{tensors.FromValue(g.Grads[i])}, Labels: []*tensors.Tensor{tensors.FromValue(float32(0))}}
		if _, err := trainer.TrainStep(batch); err != nil {
			t.Fatal(err)
		}
	}
	rate := "/" + optimizer.Scope + "/" + optimizer.ParamLearningRate
	for i := range g.W {
		if i > 0 {
			if err := store.GetVariable(rate).SetValue(tensors.FromScalar(float32(g.LR[i]))); err != nil {
				t.Fatal(err)
			}
		}
		step(i)
		wantClose(t, i, value(store, "/net/weight"), g.W[i])
	}
	if got := trainer.GlobalStep(); got != int64(len(g.W)) {
		t.Errorf("global step %d, want %d", got, len(g.W))
	}

	if err := sgd.Clear(store.RootScope()); err != nil {
		t.Fatal(err)
	}
	if v := store.GetVariable(optim.VelocityPath("/net/weight")); v != nil {
		t.Errorf("%s is left after Clear", v.Path())
	}
	if store.GetVariable(rate) == nil || store.GetVariable("/net/weight") == nil {
		t.Error("Clear deleted more than the velocities")
	}
	if err := sgd.Clear(store.RootScope()); err != nil {
		t.Errorf("clearing what is not there: %v", err)
	}
	trainer.ResetComputationGraphs()
	before := value(store, "/net/weight")
	step(0)
	want := make([]float32, len(before)) // as the first step: the velocity is the gradient
	for i, w := range before {
		gradient := float64(g.Grads[0][i]) + g.WeightDecay*float64(w)
		want[i] = float32(float64(w) - float64(float32(g.LR[len(g.LR)-1]))*gradient)
	}
	wantClose(t, len(g.W), value(store, "/net/weight"), want)
}
