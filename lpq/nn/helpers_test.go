package nn_test

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

	"github.com/lowprec/lpnets/internal/shared"
)

// tolerance is how far a result may be from PyTorch's, relative to the largest value of the tensor: float32 sums of a few
// hundred products in another order.
const tolerance = 1e-5

// readPrimitives decodes a part of golden/primitives.json.
func readPrimitives(t *testing.T, part string, into any) {
	t.Helper()
	text, err := os.ReadFile(shared.Path(t, "golden", "primitives.json"))
	if err != nil {
		t.Fatal(err)
	}
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(parts[part], into); err != nil {
		t.Fatalf("golden/primitives.json, %s: %v", part, err)
	}
}

// array4 is a tensor of PyTorch with four axes.
type array4 [][][][]float32

// transposed is the tensor with its axes in another order: axis i of the result is axis axes[i] of a.
func (a array4) transposed(axes [4]int) *tensors.Tensor {
	sizes := [4]int{len(a), len(a[0]), len(a[0][0]), len(a[0][0][0])}
	var dims [4]int
	for i, axis := range axes {
		dims[i] = sizes[axis]
	}
	var flat []float32
	var at [4]int
	for at[axes[0]] = 0; at[axes[0]] < dims[0]; at[axes[0]]++ {
		for at[axes[1]] = 0; at[axes[1]] < dims[1]; at[axes[1]]++ {
			for at[axes[2]] = 0; at[axes[2]] < dims[2]; at[axes[2]]++ {
				for at[axes[3]] = 0; at[axes[3]] < dims[3]; at[axes[3]]++ {
					flat = append(flat, a[at[0]][at[1]][at[2]][at[3]])
				}
			}
		}
	}
	return tensors.FromFlatDataAndDimensions(flat, dims[:]...)
}

// nhwc turns [batch, channels, height, width] into [batch, height, width, channels].
func (a array4) nhwc() *tensors.Tensor { return a.transposed([4]int{0, 2, 3, 1}) }

// hwio turns [out, in, height, width] into [height, width, in, out].
func (a array4) hwio() *tensors.Tensor { return a.transposed([4]int{2, 3, 1, 0}) }

// newStore makes a store with these variables: path -> tensor, or Go value.
func newStore(t *testing.T, variables map[string]any) *model.Store {
	t.Helper()
	store := model.NewStore()
	for path, value := range variables {
		tensor, ok := value.(*tensors.Tensor)
		if !ok {
			var err error
			if tensor, err = tensors.FromAnyValue(value); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := store.CreateVariable(path, tensor); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

// run calls a graph function once.
func run[F model.ExecGraphFn](t *testing.T, b compute.Backend, store *model.Store, fn F, args ...any) []*tensors.Tensor {
	t.Helper()
	out, err := model.CallOnceN(b, store, fn, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// wantPanic checks that building the graph fails with an error that has all of these parts.
func wantPanic(t *testing.T, b compute.Backend, store *model.Store, fn func(*model.Scope, *Node) *Node, x any, parts ...string) {
	t.Helper()
	_, err := model.CallOnceN(b, store, fn, x)
	if err == nil {
		t.Errorf("no panic; want one with %q", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("panic %v; want it to say %q", err, part)
		}
	}
}

// wantClose compares a tensor with the expected one, relative to the largest expected value.
func wantClose(t *testing.T, what string, got, want *tensors.Tensor, relative float64) {
	t.Helper()
	if !got.Shape().Equal(want.Shape()) {
		t.Errorf("%s is %s, want %s", what, got.Shape(), want.Shape())
		return
	}
	g, w := flat(got), flat(want)
	var largest, difference float64
	for i := range w {
		largest = max(largest, math.Abs(float64(w[i])))
		difference = max(difference, math.Abs(float64(g[i])-float64(w[i]))) // NaN stays
	}
	if !(difference <= relative*largest) {
		t.Errorf("%s differs by %g of the largest value, want at most %g", what, difference/largest, relative)
	}
}

func flat(t *tensors.Tensor) []float32 { return tensors.MustCopyFlatData[float32](t) }
