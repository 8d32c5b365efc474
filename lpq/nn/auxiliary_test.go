package nn_test

import (
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/nn"
)

// TestAuxiliary trains with a second classifier: its loss counts, and it stays float and unseen in a quantized network.
func TestAuxiliary(t *testing.T) {
	const weight = 0.4
	classifier := func(scope *model.Scope, x *Node) *Node {
		x = nn.ReLU(scope.In("relu"), x).Done()
		return nn.Dense(scope.In("fc"), x).Units(3).Done()
	}
	main, second := random(1, 4, 3), random(2, 4, 3)
	x, labels := random(3, 2, 4), []int32{2, 0}
	store := newStore(t, map[string]any{"/fc/weight": main, "/aux/fc/weight": second})
	probe := &nn.Probe{}
	out := run(t, testbackend.Go(t), store, func(scope *model.Scope, x, labels *Node) []*Node {
		scope.Store().SetTraining(x.Graph(), true)
		run := &nn.Run{Scheme: scheme(t, "w2a2"), Probe: probe}
		run.Attach(x.Graph())
		nn.Auxiliary(scope.In("aux"), x, weight, classifier)
		logits := nn.Dense(scope.In("fc"), x).Units(3).Done()
		if got := run.AuxiliaryPaths(); !slices.Equal(got, []string{"/aux"}) {
			t.Errorf("auxiliary paths %v", got)
		}
		inside := nn.CrossEntropy(Dot(MaxScalar(x, 0), scope.Store().GetVariable("/aux/fc/weight").NodeValue(x.Graph())).Product(), labels)
		want := Add(nn.CrossEntropy(logits, labels), MulScalar(inside, weight))
		return []*Node{run.Loss(logits, labels), want}
	}, x, labels)
	wantClose(t, "loss", out[0], out[1], tolerance)
	if len(probe.Activations) != 0 || len(probe.Weights) != 1 || probe.Weights[0].Path != "/fc/weight" || probe.Weights[0].Exponent == nil {
		t.Errorf("the probe saw %+v; want the quantized /fc/weight", probe)
	}
	run(t, testbackend.Go(t), store, func(scope *model.Scope, x, labels *Node) *Node {
		run := &nn.Run{}
		run.Attach(x.Graph())
		nn.Auxiliary(scope.In("aux"), x, weight, func(*model.Scope, *Node) *Node {
			t.Error("it is built outside of training")
			return x
		})
		return run.Loss(x, labels)
	}, tensors.FromValue([][]float32{{1, 2, 3}}), []int32{1})
}
