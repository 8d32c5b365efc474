package models_test

import (
	"encoding/json"
	"hash/fnv"
	"math"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/nn"
	"github.com/lowprec/lpnets/lpq/weights"
)

// torchvisionGolden is golden/torchvision/NAME.json: what torchvision's network computes with weights that follow from a formula.
type torchvisionGolden struct {
	Seed       string
	InputShape []int   `json:"input_shape"` // [batch, channels, height, width]
	Params     []param // without num_batches_tracked
	Stages     map[string]stage
	Logits     [][]float32
}

type param struct {
	Name  string
	Shape []int
}

// stage is a statistic of the output of one of the network's modules.
type stage struct {
	Shape     []int
	Mean, RMS float64
}

func readTorchvision(t *testing.T, name string) (g torchvisionGolden) {
	t.Helper()
	text, err := os.ReadFile(shared.Path(t, "golden", "torchvision", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// uniform is the formula of torchvision_goldens.py: the i-th number in [-1, 1) of a name.
func uniform(name string) func(i int) float64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	seed := h.Sum64()
	return func(i int) float64 {
		z := seed + uint64(i) + 0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return float64((z^z>>31)>>40)/(1<<24)*2 - 1
	}
}

// formula makes all tensors of the network.
func (g torchvisionGolden) formula(t *testing.T) *weights.File {
	t.Helper()
	norms := map[string]bool{}
	for _, p := range g.Params {
		if module, ok := strings.CutSuffix(p.Name, ".running_mean"); ok {
			norms[module] = true
		}
	}
	file := &weights.File{}
	for _, p := range g.Params {
		size, fanIn := 1, 1
		for i, d := range p.Shape {
			size *= d
			if i > 0 {
				fanIn *= d
			}
		}
		dot := strings.LastIndex(p.Name, ".")
		leaf, isNorm := p.Name[dot+1:], norms[p.Name[:dot]]
		values := make([]float32, size)
		u := uniform(g.Seed + p.Name)
		for i := range values {
			values[i] = float32(parameter(leaf, isNorm, u(i), fanIn))
		}
		tensor, err := weights.NewFloat32(p.Name, p.Shape, values)
		if err != nil {
			t.Fatal(err)
		}
		file.Tensors = append(file.Tensors, tensor)
	}
	return file
}

func parameter(leaf string, isNorm bool, u float64, fanIn int) float64 {
	switch {
	case leaf == "running_mean", isNorm && leaf == "bias":
		return 0.1 * u
	case leaf == "running_var":
		return 1 + 0.5*math.Abs(u)
	case isNorm:
		return 0.7 + 0.1*u
	case leaf == "weight":
		return math.Sqrt(3/float64(fanIn)) * u
	}
	return 0.05 * u
}

// input is the golden's images, [batch, height, width, channels], as the network's description wants them: normalized.
func (g torchvisionGolden) input(network models.Network) *tensors.Tensor {
	batch, channels, area := g.InputShape[0], g.InputShape[1], g.InputShape[2]*g.InputShape[3]
	u := uniform(g.Seed + "input")
	values := make([]float32, batch*channels*area)
	for i := range values {
		n, at, c := i/(area*channels), i/channels%area, i%channels
		values[i] = float32(2 * u((n*channels+c)*area+at))
		if network.Gain != nil {
			values[i] = float32(values[i]*network.Gain[c]) + network.Offset[c]
		}
	}
	return tensors.FromFlatDataAndDimensions(values, batch, g.InputShape[2], g.InputShape[3], channels)
}

// torchvisionNetworks has what torchvision publishes: parameters (num_params) and multiply-adds in billions (_ops).
var torchvisionNetworks = []struct {
	name       string
	parameters int
	billions   float64
}{
	{"resnet18", 11689512, 1.814},
	{"resnet34", 21797672, 3.664},
	{"resnet50", 25557032, 4.089},
	{"resnet152", 60192808, 11.514},
	{"vgg16_bn", 138365992, 15.47},
	{"densenet161", 28681000, 7.728},
	{"inception_v3", 27161264, 5.713},
}

// TestTorchvision compares the networks with torchvision's, stage by stage.
func TestTorchvision(t *testing.T) {
	if testing.Short() {
		t.Skip("runs seven large networks")
	}
	for _, want := range torchvisionNetworks {
		t.Run(want.name, func(t *testing.T) {
			defer debug.FreeOSMemory() // the large ones one after the other
			start := time.Now()
			g := readTorchvision(t, want.name)
			m := formulaModel(t, want.name, g)
			checkNames(t, m, g)
			if got := m.NumParameters(); got != want.parameters {
				t.Errorf("%d parameters, want %d", got, want.parameters)
			}
			if got := float64(m.MultiplyAdds()) / 1e9; math.Abs(got-want.billions) > 1e-3 {
				t.Errorf("%.4f billion multiply-adds, want %.3f", got, want.billions)
			}
			loaded := time.Now()
			checkStages(t, m, g)
			t.Logf("%.1f s to load, %.1f s to compile and run two images", loaded.Sub(start).Seconds(), time.Since(loaded).Seconds())
		})
	}
}

func formulaModel(t *testing.T, name string, g torchvisionGolden) *models.Model {
	t.Helper()
	network, err := models.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.New(testbackend.XLA(t), network, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SetWeights(g.formula(t)); err != nil {
		t.Fatal(err)
	}
	return m
}

// checkNames compares names and shapes of the model's file with torchvision's, whatever their order.
func checkNames(t *testing.T, m *models.Model, g torchvisionGolden) {
	t.Helper()
	var got []param
	for _, tensor := range fileOf(t, m).Tensors {
		got = append(got, param{tensor.Name, tensor.Shape})
	}
	byName := func(a, b param) int { return strings.Compare(a.Name, b.Name) }
	slices.SortFunc(got, byName)
	want := slices.SortedFunc(slices.Values(g.Params), byName)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parameters, - torchvision's, + ours:\n%s", diff)
	}
}

// checkStages runs the network and says which stage is the first that differs.
func checkStages(t *testing.T, m *models.Model, g torchvisionGolden) {
	t.Helper()
	var names []string
	program, err := models.NewProgram(m, func(scope *model.Scope, x *Node) []*Node {
		(&nn.Run{}).Attach(x.Graph())
		logits := m.Network.Build(scope.In(models.Root), x)
		var stages []*Node
		for alias, node := range x.Graph().IterAliasedNodes() {
			if _, ok := g.Stages[alias[1:]]; ok {
				stages = append(stages, node)
			}
		}
		slices.SortFunc(stages, func(a, b *Node) int { return int(a.Id() - b.Id()) }) // in the order of the layers
		for _, node := range stages {
			names = append(names, node.GetAlias()[1:])
		}
		return append(stages, logits)
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	out, err := program.Call(g.input(m.Network))
	if err != nil {
		t.Fatal(err)
	}
	if missing := len(g.Stages) - len(names); missing > 2 { // fc is the logits; dropout and VGG's avgpool do nothing
		t.Errorf("only stages %q are there to compare, of %d", names, len(g.Stages))
	}
	for i, name := range names {
		checkStage(t, name, out[i], g.Stages[name])
	}
	logits := tensors.MustCopyFlatData[float32](out[len(names)])
	want := slices.Concat(g.Logits...)
	var largest float64
	for _, x := range want {
		largest = max(largest, math.Abs(float64(x)))
	}
	d := maxDifference(logits, want)
	t.Logf("%d stages agree; logits differ by %.2g of the largest", len(names), d/largest)
	if !(d <= 1e-3*largest) {
		t.Errorf("logits differ by %g, the largest is %g; the stages %q agree", d, largest, names)
	}
}

// checkStage compares an output's statistics, and ends the test where they differ.
func checkStage(t *testing.T, name string, got *tensors.Tensor, want stage) {
	t.Helper()
	values := tensors.MustCopyFlatData[float32](got)
	var sum, squares float64
	for _, x := range values {
		sum += float64(x)
		squares += float64(x) * float64(x)
	}
	n, size := float64(len(values)), 1
	for _, d := range want.Shape {
		size *= d
	}
	mean, rms := sum/n, math.Sqrt(squares/n)
	const tolerance = 1e-4
	if len(values) != size || !(math.Abs(mean-want.Mean) <= tolerance*want.RMS) || !(math.Abs(rms-want.RMS) <= tolerance*want.RMS) {
		t.Fatalf("stage %s is the first that differs: %s, mean %g, root of the mean square %g; want %+v", name, got.Shape(), mean, rms, want)
	}
}
