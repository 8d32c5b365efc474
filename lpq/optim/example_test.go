package optim_test

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/lpq/backend"
	"github.com/lowprec/lpnets/lpq/optim"
)

func ExampleSchedule() {
	s := optim.Schedule{Kind: optim.ExponentialEpochs, Start: 1.5e-3, End: 1.0386e-6}
	const stepsPerEpoch, epochs = 195, 110
	for _, epoch := range []int{0, 1, 2, 109} {
		fmt.Printf("epoch %3d: %.3g\n", epoch, s.Rate(epoch*stepsPerEpoch, stepsPerEpoch, epochs))
	}
	// Output:
	// epoch   0: 0.0015
	// epoch   1: 0.0014
	// epoch   2: 0.00131
	// epoch 109: 1.11e-06
}

// Three steps with momentum down the slope of w^2, from 1.
func ExampleSGD() {
	engine, err := backend.Open(backend.Options{Config: "go"})
	if err != nil {
		fmt.Println(err)
		return
	}
	store := model.NewStore()
	sgd := optim.SGD{Momentum: 0.5}
	step := func(scope *model.Scope, rate *Node) *Node {
		w := scope.VariableWithValue("w", float32(1)).NodeValue(rate.Graph())
		sgd.Step(scope, Square(w), rate)
		return w
	}
	for range 3 {
		w, err := model.CallOnce(engine, store, step, float32(0.25))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("before the step:", tensors.ToScalar[float32](w))
	}
	// Output:
	// before the step: 1
	// before the step: 0.5
	// before the step: 0
}
