package nn_test

import (
	"slices"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train"
	"github.com/gomlx/gomlx/ml/train/optimizer"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/nn"
	"github.com/lowprec/lpnets/lpq/optim"
)

// TestUnderGoMLXTrainer trains a quantized network with GoMLX's own trainer: no Run, the scheme is in the store.
func TestUnderGoMLXTrainer(t *testing.T) {
	const steps = 10
	images, labels := random(1, 6, 5, 5, 3), []int32{0, 1, 2, 0, 1, 2}
	b := testbackend.Go(t) // on XLA its two graphs take seconds to compile
	store := newStore(t, netExponents())
	store.SetParam(nn.ParamScheme, scheme(t, "w4a4"))
	store.SetParam(optimizer.ParamLearningRate, 0.05)
	trainer := train.NewTrainer(b, store, net,
		func(labels, logits []*Node) *Node { return nn.CrossEntropy(logits[0], labels[0]) },
		optim.SGD{Momentum: 0.9, WeightDecay: 1e-4}, nil, nil)
	batch := func() train.Batch {
		return train.Batch{Inputs: []*tensors.Tensor{clone(images)}, Labels: []*tensors.Tensor{tensors.FromValue(labels)}}
	}
	var losses []float32
	for range steps {
		metrics, err := trainer.TrainStep(batch())
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, tensors.ToScalar[float32](metrics[0]))
	}
	if !(losses[steps-1] < 0.9*losses[0]) {
		t.Errorf("losses %v; want them to fall", losses)
	}
	if got := trainer.GlobalStep(); got != steps {
		t.Errorf("global step %d, want %d", got, steps)
	}
	for path, want := range netExponents() {
		if got := tensors.ToScalar[int32](store.GetVariable(path).MustValue()); got != want.(int32) {
			t.Errorf("%s is %d after training, was %d", path, got, want)
		}
	}
	wantEvaluation(t, b, trainer, batch(), images, labels)
}

// wantEvaluation checks that the trainer evaluates as the network does outside of training: quantized, with running statistics.
func wantEvaluation(t *testing.T, b compute.Backend, trainer *train.Trainer, batch train.Batch, images *tensors.Tensor, labels []int32) {
	t.Helper()
	metrics, err := trainer.EvalStep(batch)
	if err != nil {
		t.Fatal(err)
	}
	direct := run(t, b, trainer.Store(), func(scope *model.Scope, x, labels *Node) *Node {
		(&nn.Run{Scheme: scheme(t, "w4a4")}).Attach(x.Graph())
		return nn.CrossEntropy(net(scope, x), labels)
	}, clone(images), labels)
	wantClose(t, "loss of the evaluation", metrics[0], direct[0], tolerance)
	if mean := flat(trainer.Store().GetVariable("/bn1/running_mean").MustValue()); slices.Equal(mean, make([]float32, 4)) {
		t.Error("training left the running mean at zero")
	}
}
