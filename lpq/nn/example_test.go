package nn_test

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/lpq/backend"
	"github.com/lowprec/lpnets/lpq/nn"
	"github.com/lowprec/lpnets/lpq/quant"
)

// One description of a layer is built in float, and with 3-bit weights: codes -3 to 3, here times 2^-2.
func Example() {
	engine, err := backend.Open(backend.Options{Config: "go"})
	if err != nil {
		fmt.Println(err)
		return
	}
	layer := func(scope *model.Scope, x *graph.Node) *graph.Node {
		return nn.Dense(scope.In("fc"), x).Units(3).NoBias().Done()
	}
	store := model.NewStore()
	if _, err := store.CreateVariable("/fc/weight", tensors.FromValue([][]float32{{0.9, -0.4, 0.1}})); err != nil {
		fmt.Println(err)
		return
	}
	for _, scheme := range []quant.Scheme{{}, {WeightBits: 3}} {
		store.SetParam(nn.ParamScheme, scheme)
		y, err := model.CallOnce(engine, store, layer, [][]float32{{1}})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(scheme, y.Value())
	}
	// Output:
	// fp32 [[0.9 -0.4 0.1]]
	// w3a32 [[0.75 -0.5 0]]
}
