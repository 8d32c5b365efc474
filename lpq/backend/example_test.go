//go:build cgo && !noxla

package backend_test

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/lowprec/lpnets/lpq/backend"
)

func ExampleOpen() {
	b, err := backend.Open(backend.Options{Config: "xla:cpu", Devices: 2})
	if err != nil {
		fmt.Println(err) // one line that says what is missing
		return
	}
	defer b.Finalize()
	y, err := graph.CallOnce(b, graph.Round, []float32{0.5, 1.5, 2.5})
	fmt.Println(b.NumDevices(), y.Value(), err)
	// Output: 2 [0 2 2] <nil>
}

func ExampleOpen_unknown() {
	_, err := backend.Open(backend.Options{Config: "gpu"})
	fmt.Println(err)
	// Output: backend "gpu" is not known: want xla:cpu, xla:cuda, xla:/path/to/plugin.so or go
}
