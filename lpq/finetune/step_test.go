package finetune_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/data/raster"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/nn"
	"github.com/lowprec/lpnets/lpq/optim"
	"github.com/lowprec/lpnets/lpq/quant"
)

// speckled is random pixels, every image of a colour of its own.
func speckled(t *testing.T, shape data.Shape, classes, n int) data.Dataset {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 0))
	pixels, labels := make([]uint8, n*shape.Size()), make([]int32, n)
	for i := range labels {
		labels[i] = int32(i % classes)
		base := []int{rng.IntN(192), rng.IntN(192), rng.IntN(192)}
		for j := range shape.Size() {
			pixels[i*shape.Size()+j] = uint8(base[j%3] + rng.IntN(64))
		}
	}
	set, err := data.NewMemory("speckled", shape, make([]string, classes), labels, pixels)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// newModel is a calibrated network in a precision.
func newModel(t *testing.T, engine compute.Backend, network models.Network, precision string, train data.Dataset) *models.Model {
	t.Helper()
	m, err := models.New(engine, network, 1)
	if err != nil {
		t.Fatal(err)
	}
	s, err := quant.ParseScheme(precision)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SetScheme(s); err != nil {
		t.Fatal(err)
	}
	if err := m.Calibrate(context.Background(), train, models.CalibrateOptions{Batches: 1}); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestImageNetNetworkLearnsABatch trains ResNet-18 on four pictures, and looks at every gradient: all are finite, and none is zero.
func TestImageNetNetworkLearnsABatch(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a large network's training step")
	}
	network, err := models.Get("resnet18")
	if err != nil {
		t.Fatal(err)
	}
	network.Input.Height, network.Input.Width, network.Preprocess = 64, 64, raster.Preprocess{}
	const steps = 6
	set := speckled(t, network.Input, network.Classes, 4)
	batch := firstBatch(t, set, 4)
	for _, precision := range []string{"fp32", "w4a4"} {
		t.Run(precision, func(t *testing.T) {
			m := newModel(t, testbackend.XLA(t), network, precision, set)
			before := parameters(t, m)
			stepper, err := finetune.NewStepper(m, m.Scheme(), optim.SGD{Momentum: 0.9})
			if err != nil {
				t.Fatal(err)
			}
			defer stepper.Close()
			var losses []float64
			for step := range steps {
				logits, err := stepper.Step(batch, 0.02)
				if err != nil {
					t.Fatal(err)
				}
				var tally models.Tally
				if _, err := tally.Add(logits, batch.Labels); err != nil {
					t.Fatal(err)
				}
				losses = append(losses, tally.Loss())
				if step == 0 {
					wantMoved(t, before, parameters(t, m))
				}
			}
			if !(losses[steps-1] < losses[0]/2) {
				t.Errorf("losses %v; want the last to be half of the first", losses)
			}
		})
	}
}

// wantMoved checks that a step changed every tensor, and that all of it is finite.
func wantMoved(t *testing.T, before, after map[string][]float32) {
	t.Helper()
	for name, values := range after {
		if slices.Equal(values, before[name]) {
			t.Errorf("%s has not changed", name)
		}
		if slices.ContainsFunc(values, func(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) }) {
			t.Errorf("%s is not finite", name)
		}
	}
}

// TestAuxiliaryClassifierIsTrained compares a step of a network with an auxiliary classifier with the classifier's own, scaled.
func TestAuxiliaryClassifierIsTrained(t *testing.T) {
	const weight, rate = 0.25, 0.5
	// The classifiers are alike and read the same; the second's loss counts a quarter.
	network := models.Network{
		Name: "twins", Input: data.Shape{Height: 4, Width: 4, Channels: 3}, Classes: 3, Mean: make([]float32, 3), Std: []float32{1, 1, 1},
		Build: func(scope *model.Scope, x *Node) *Node {
			classifier := func(scope *model.Scope, x *Node) *Node {
				return nn.Dense(scope.In("fc"), nn.GlobalMeanPool(x)).Units(3).Edge().Done()
			}
			nn.Auxiliary(scope.In("aux"), x, weight, classifier)
			return classifier(scope, x)
		},
	}
	set := speckled(t, network.Input, network.Classes, 6)
	m := newModel(t, testbackend.Go(t), network, "fp32", set)
	file, err := m.File()
	if err != nil {
		t.Fatal(err)
	}
	for i, tensor := range file.Tensors {
		for _, twin := range file.Tensors {
			if tensor.Name == "aux."+twin.Name {
				file.Tensors[i].Data = slices.Clone(twin.Data)
			}
		}
	}
	if err := m.SetWeights(file); err != nil {
		t.Fatal(err)
	}
	before := parameters(t, m)
	stepper, err := finetune.NewStepper(m, quant.Scheme{}, optim.SGD{})
	if err != nil {
		t.Fatal(err)
	}
	defer stepper.Close()
	if _, err := stepper.Step(firstBatch(t, set, 6), rate); err != nil {
		t.Fatal(err)
	}
	after := parameters(t, m)
	for _, name := range []string{"fc.weight", "fc.bias"} {
		for i := range after[name] {
			main, auxiliary := after[name][i]-before[name][i], after["aux."+name][i]-before["aux."+name][i]
			if main == 0 || math.Abs(float64(auxiliary-weight*main)) > 1e-6 {
				t.Errorf("%s moved by %g, the auxiliary's by %g; want a quarter", name, main, auxiliary)
			}
		}
	}
}
