package analysis

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/nn"
	"github.com/lowprec/lpnets/lpq/quant"
)

var input = data.Shape{Height: 6, Width: 6, Channels: 1}

// convolutional has all that a gradient flows through; dense is simple enough to be differentiated by hand.
var (
	convolutional = models.Network{
		Name: "convolutional", Input: input, Classes: 3, Mean: []float32{0.5}, Std: []float32{0.25},
		Build: func(scope *model.Scope, x *Node) *Node {
			x = nn.Quantize(scope.In("input"), x).Signed().Edge().Done()
			x = nn.Conv(scope.In("conv1"), x).Channels(4).Kernel(3).Padding(1).Edge().Done()
			x = nn.ReLU(scope.In("relu1"), nn.BatchNorm(scope.In("bn1"), x).Done()).Done()
			x = nn.Conv(scope.In("conv2"), x).Channels(4).Kernel(3).Padding(1).Done()
			x = nn.ReLU(scope.In("relu2"), nn.BatchNorm(scope.In("bn2"), x).Done()).Edge().Done()
			return nn.Dense(scope.In("fc"), nn.GlobalMeanPool(x)).Units(3).Edge().Done()
		},
	}
	dense = models.Network{
		Name: "dense", Input: input, Classes: 3, Mean: []float32{0.5}, Std: []float32{0.25},
		Build: func(scope *model.Scope, x *Node) *Node {
			x = nn.Quantize(scope.In("input"), Reshape(x, -1, input.Size())).Signed().Edge().Done()
			x = nn.ReLU(scope.In("relu1"), nn.Dense(scope.In("fc1"), x).Units(7).Edge().Done()).Done()
			x = nn.ReLU(scope.In("relu2"), nn.Dense(scope.In("fc2"), x).Units(5).Done()).Edge().Done()
			return nn.Dense(scope.In("fc3"), x).Units(3).Edge().Done()
		},
	}
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// noiseImages is n images of random pixels with labels 0, 1, 2, 0, ...
func noiseImages(n int) data.Batch {
	batch := data.Batch{Images: make([]uint8, n*input.Size()), Labels: make([]int32, n), Size: n}
	state := uint32(1)
	for i := range batch.Images {
		state = state*1664525 + 1013904223 // Numerical Recipes' generator
		batch.Images[i] = uint8(state >> 24)
	}
	for i := range batch.Labels {
		batch.Labels[i] = int32(i % 3)
	}
	return batch
}

// inScheme is a network with random weights in a precision, calibrated on the batch.
func inScheme(t *testing.T, b compute.Backend, network models.Network, precision string, batch data.Batch) *models.Model {
	t.Helper()
	m := must(models.New(b, network, 1))
	set := must(data.NewMemory("noise", input, []string{"a", "b", "c"}, batch.Labels, batch.Images))
	low, err := inPrecision(context.Background(), m, must(quant.ParseScheme(precision)), set, GradientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return low
}

func gradientOf(t *testing.T, m *models.Model, all bool, batch data.Batch) (gradient []float64, parameters []parameter) {
	t.Helper()
	parameters = parametersOf(m, all)
	d, err := newDifferentiator(m, parameters)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	if gradient, err = d.gradient(batch); err != nil {
		t.Fatal(err)
	}
	return gradient, parameters
}

func values(m *models.Model, path string) []float32 {
	return must(tensors.CopyFlatData[float32](must(m.Store.GetVariable(path).Value())))
}

func TestGradientEqualsFiniteDifferences(t *testing.T) {
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		batch := noiseImages(48)
		m := inScheme(t, b, convolutional, "fp32", batch)
		statistics := values(m, "/net/bn1/running_mean")
		gradient, parameters := gradientOf(t, m, true, batch)
		if after := values(m, "/net/bn1/running_mean"); !slices.Equal(after, statistics) {
			t.Errorf("running means were %v, are %v", statistics, after)
		}
		exec := must(model.NewExec(b, m.Store, func(scope *model.Scope, pixels *Node) *Node {
			scope.Store().SetTraining(pixels.Graph(), true)
			return m.Network.Logits(scope, pixels, &nn.Run{})
		}))
		defer exec.Finalize()
		loss := func() float64 {
			pixels := tensors.FromFlatDataAndDimensions(batch.Images, batch.Size, input.Height, input.Width, input.Channels)
			var tally models.Tally
			must(tally.Add(must(tensors.CopyFlatData[float32](must(exec.Call(pixels))[0])), batch.Labels))
			return tally.Loss()
		}
		from := 0
		for _, p := range parameters {
			v, flat := m.Store.GetVariable(p.path), values(m, p.path)
			at := func(i int, x float32) float64 {
				moved := append([]float32(nil), flat...)
				moved[i] = x
				if err := v.SetValue(tensors.FromFlatDataAndDimensions(moved, v.Shape().Dimensions...)); err != nil {
					t.Fatal(err)
				}
				return loss()
			}
			for i := 0; i < p.size; i += max(p.size/3, 1) {
				const h = 1.0 / 512
				want := (at(i, flat[i]+h) - at(i, flat[i]-h)) / (2 * h)
				// Logits are exact to about 1e-6, and h^2 and the ReLUs' kinks between both points count.
				if got := gradient[from+i]; !(math.Abs(got-want) < 5e-4+0.01*math.Abs(want)) {
					t.Errorf("d loss / d %s[%d] = %v, finite differences give %v", p.name, i, got, want)
				}
			}
			at(0, flat[0])
			from += p.size
		}
	})
}

// TestGradientEqualsPyTorch differentiates the published ResNet-20 on the first 32 training images.
func TestGradientEqualsPyTorch(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a ResNet-20")
	}
	var golden struct {
		W4A4 struct {
			Exponents   map[string]int     `json:"activation_exponents"`
			GradientRMS map[string]float64 `json:"grad_rms_step1"`
		}
	}
	if err := json.Unmarshal(must(os.ReadFile(shared.Path(t, "golden", "resnet20_cifar.json"))), &golden); err != nil {
		t.Fatal(err)
	}
	train, _, err := data.OpenCIFAR10(shared.Path(t, "data", "cifar-10-batches-bin"))
	if err != nil {
		t.Fatal(err)
	}
	m := must(models.New(testbackend.XLA(t), must(models.Get("resnet20")), 0))
	if err := m.LoadFile(shared.Path(t, "models", "resnet20-12fca82f.th")); err != nil {
		t.Fatal(err)
	}
	if err := m.SetScheme(must(quant.ParseScheme("w4a4"))); err != nil {
		t.Fatal(err)
	}
	names := []string{"in", "r0"} // the golden file's, in the order of the layers
	for block := range 9 {
		names = append(names, fmt.Sprintf("b%d.1", block), fmt.Sprintf("b%d.2", block))
	}
	exponents := map[string]int{}
	for i, site := range m.Activations() {
		exponents[site.Name] = golden.W4A4.Exponents[append(names, "pool")[i]]
	}
	if err := m.SetExponents(exponents); err != nil {
		t.Fatal(err)
	}
	batch := data.Batch{Images: make([]uint8, 32*train.Shape().Size()), Labels: make([]int32, 32), Size: 32}
	for i := range batch.Labels {
		batch.Labels[i] = train.Label(i)
		if err := train.Image(i, batch.Images[i*train.Shape().Size():]); err != nil {
			t.Fatal(err)
		}
	}
	gradient, parameters := gradientOf(t, m, true, batch)
	if len(parameters) != len(golden.W4A4.GradientRMS) {
		t.Errorf("%d parameters, PyTorch has %d", len(parameters), len(golden.W4A4.GradientRMS))
	}
	for _, p := range parameters {
		rms := math.Sqrt(dot(gradient[:p.size], gradient[:p.size]) / float64(p.size))
		// The tolerance is that of the test of a training step: codes on rounding ties flip where sums are in another order.
		if want := golden.W4A4.GradientRMS[p.name]; !(math.Abs(rms/want-1) < 1e-2) {
			t.Errorf("root mean square of the gradient of %s is %v, PyTorch has %v", p.name, rms, want)
		}
		gradient = gradient[p.size:]
	}
}
