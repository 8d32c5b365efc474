package analysis_test

import (
	"bytes"
	"context"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/calib"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/nn"
	"github.com/lowprec/lpnets/lpq/quant"
)

// stripes is a network for noisy stripes in four directions, small enough for GoMLX's Go engine.
var stripes = models.Network{
	Name: "stripes", Input: data.Shape{Height: 12, Width: 12, Channels: 1}, Classes: 4, Mean: []float32{0.5}, Std: []float32{0.25},
	Build: func(scope *model.Scope, x *Node) *Node {
		x = nn.Quantize(scope.In("input"), x).Signed().Edge().Done()
		x = nn.Conv(scope.In("conv1"), x).Channels(8).Kernel(3).Strides(2).Padding(1).Edge().Done()
		x = nn.ReLU(scope.In("relu1"), nn.BatchNorm(scope.In("bn1"), x).Done()).Done()
		x = nn.Conv(scope.In("conv2"), x).Channels(8).Kernel(3).Padding(1).Done()
		x = nn.ReLU(scope.In("relu2"), nn.BatchNorm(scope.In("bn2"), x).Done()).Edge().Done()
		return nn.Dense(scope.In("fc"), nn.GlobalMeanPool(x)).Units(4).Edge().Done()
	},
}

func drawStripes(n int) data.Dataset {
	rng := rand.New(rand.NewPCG(1, 0))
	size := stripes.Input.Size()
	pixels, labels := make([]uint8, n*size), make([]int32, n)
	for i := range labels {
		labels[i] = int32(i % 4)
		direction, phase := float64(labels[i])*math.Pi/4, rng.Float64()*2*math.Pi
		for j := range size {
			wave := math.Sin(float64(j/12)*math.Cos(direction) + float64(j%12)*math.Sin(direction) + phase)
			pixels[i*size+j] = uint8(min(max(128+30*wave+50*rng.NormFloat64(), 0), 255))
		}
	}
	set, err := data.NewMemory("stripes", stripes.Input, []string{"a", "b", "c", "d"}, labels, pixels)
	if err != nil {
		panic(err)
	}
	return set
}

var striped = sync.OnceValue(func() data.Dataset { return drawStripes(256) })

// trained is the network after two epochs.
func trained(t *testing.T) *models.Model {
	t.Helper()
	m, err := models.New(testbackend.Go(t), stripes, 0)
	if err != nil {
		t.Fatal(err)
	}
	recipe, err := finetune.Get("scratch")
	if err != nil {
		t.Fatal(err)
	}
	recipe.Scheme, recipe.Epochs, recipe.Batch, recipe.Augment, recipe.Rate.Start = "fp32", 2, 16, data.Augment{}, 0.1
	if _, err := finetune.Run(context.Background(), m, finetune.Sets{Train: striped()}, finetune.Options{Recipe: recipe}); err != nil {
		t.Fatal(err)
	}
	return m
}

func schemes(t *testing.T, names ...string) (out []quant.Scheme) {
	t.Helper()
	for _, name := range names {
		scheme, err := quant.ParseScheme(name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, scheme)
	}
	return out
}

func gradientNoise(t *testing.T, m *models.Model, options analysis.GradientOptions, names ...string) []analysis.Noise {
	t.Helper()
	noises, err := analysis.GradientNoise(context.Background(), m, striped(), schemes(t, names...), options)
	if err != nil {
		t.Fatal(err)
	}
	return noises
}

func TestGradientNoise(t *testing.T) {
	m := trained(t)
	before, err := m.File()
	if err != nil {
		t.Fatal(err)
	}
	options := analysis.GradientOptions{Batches: 8, Batch: 32}
	noises := gradientNoise(t, m, options, "fp32", "w8a8", "w4a4", "w2a2")
	after, err := m.File()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after, cmp.Comparer(bytes.Equal)); diff != "" {
		t.Errorf("the model changed:\n%s", diff)
	}
	if want := []int{1, 2, 4, 8}; !slices.Equal(noises[0].Averaged, want) {
		t.Errorf("averages over %v batches, want %v", noises[0].Averaged, want)
	}
	for i, want := range []struct {
		name string
		size int
	}{{"conv1.weight", 9 * 8}, {"conv2.weight", 9 * 64}, {"fc.weight", 32}} {
		if got := noises[0].Layers[i]; got.Name != want.name || got.Size != want.size {
			t.Errorf("layer %d is %s of %d weights, want %+v", i, got.Name, got.Size, want)
		}
	}
	checkFloatEqualsFloat(t, noises[0], noises[1])
	checkNoiseGrows(t, noises[1:])
	if again := gradientNoise(t, m, options, "fp32", "w8a8", "w4a4", "w2a2"); !reflect.DeepEqual(again, noises) {
		t.Error("the same seed gives another result")
	}
	options.Seed = 1
	if other := gradientNoise(t, m, options); reflect.DeepEqual(other[0], noises[0]) {
		t.Error("another seed gives the same result")
	}
}

// checkFloatEqualsFloat compares the network with itself.
func checkFloatEqualsFloat(t *testing.T, float, again analysis.Noise) {
	t.Helper()
	if !reflect.DeepEqual(float, again) {
		t.Errorf("fp32 as a scheme is %+v, the float network %+v", again, float)
	}
	for _, layer := range append(slices.Clone(float.Layers), float.Total) {
		for _, c := range layer.Cosine {
			if !(math.Abs(c-1) < 1e-12) {
				t.Errorf("%s: cosines %v of float with itself", layer.Name, layer.Cosine)
			}
		}
		if layer.SquaredError != 0 || layer.SquaredBias != 0 || !(layer.Variance > 0) {
			t.Errorf("%s: %+v; want no error, and a variance", layer.Name, layer)
		}
	}
}

// checkNoiseGrows compares precisions, the widest first.
func checkNoiseGrows(t *testing.T, noises []analysis.Noise) {
	t.Helper()
	for i := 1; i < len(noises); i++ {
		wide, narrow := noises[i-1], noises[i]
		for l, layer := range append(slices.Clone(narrow.Layers), narrow.Total) {
			before := append(slices.Clone(wide.Layers), wide.Total)[l]
			if !(layer.SquaredError > before.SquaredError) {
				t.Errorf("%s: squared error %g in %s, %g in %s", layer.Name, layer.SquaredError, narrow.Scheme, before.SquaredError, wide.Scheme)
			}
			for j := range layer.Cosine {
				if !(layer.Cosine[j] < before.Cosine[j]) {
					t.Errorf("%s: cosine of %d batches %g in %s, %g in %s", layer.Name, narrow.Averaged[j], layer.Cosine[j], narrow.Scheme, before.Cosine[j], wide.Scheme)
				}
			}
		}
	}
}

func TestGradientNoiseOfAllParameters(t *testing.T) {
	options := analysis.GradientOptions{Batches: 2, Batch: 16, All: true, Augment: data.Augment{Pad: 1}}
	var steps []int
	options.Progress = func(done, total int) { steps = append(steps, done, total) }
	noises := gradientNoise(t, trained(t), options, "w4a4")
	var names []string
	size := 0
	for _, layer := range noises[1].Layers {
		names, size = append(names, layer.Name), size+layer.Size
	}
	want := "bn1.bias bn1.weight bn2.bias bn2.weight conv1.weight conv2.weight fc.bias fc.weight"
	if got := strings.Join(slices.Sorted(slices.Values(names)), " "); got != want || size != noises[1].Total.Size {
		t.Errorf("parameters %s, %d of %d; want %s", got, size, noises[1].Total.Size, want)
	}
	if want := []int{1, 2, 2, 2}; !slices.Equal(steps, want) {
		t.Errorf("progress %v, want %v", steps, want)
	}
}

func TestGradientNoiseKeepsTheModelsExponents(t *testing.T) {
	m := trained(t)
	options := analysis.GradientOptions{Batches: 2, Batch: 32}
	fresh := gradientNoise(t, m, options, "w4a4", "w4a8")
	if err := m.SetScheme(schemes(t, "w4a4")[0]); err != nil {
		t.Fatal(err)
	}
	if err := m.Calibrate(context.Background(), striped(), models.CalibrateOptions{Batch: 32}); err != nil {
		t.Fatal(err)
	}
	if same := gradientNoise(t, m, options, "w4a4", "w4a8"); !reflect.DeepEqual(same, fresh) {
		t.Error("calibrated in the same way, another result")
	}
	if err := m.SetExponents(map[string]int{"relu1": 0}); err != nil {
		t.Fatal(err)
	}
	coarse := gradientNoise(t, m, options, "w4a4", "w4a8")
	if !reflect.DeepEqual(coarse[0], fresh[0]) || !reflect.DeepEqual(coarse[2], fresh[2]) {
		t.Error("exponents of 4 bits change the gradient in float, or with activations of 8 bits")
	}
	if !(coarse[1].Total.SquaredError > 2*fresh[1].Total.SquaredError) {
		t.Errorf("steps of 1 behind relu1 give squared error %g, calibrated ones %g", coarse[1].Total.SquaredError, fresh[1].Total.SquaredError)
	}
}

func TestGradientNoiseErrors(t *testing.T) {
	m, err := models.New(testbackend.Go(t), stripes, 0)
	if err != nil {
		t.Fatal(err)
	}
	broken, err := m.Clone()
	if err != nil {
		t.Fatal(err)
	}
	weight := broken.Store.GetVariable("/net/conv2/weight")
	nan := make([]float32, 9*64)
	nan[5] = float32(math.NaN())
	if err := weight.SetValue(tensors.FromFlatDataAndDimensions(nan, 3, 3, 8, 8)); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	other, err := data.NewMemory("other", data.Shape{Height: 1, Width: 1, Channels: 1}, []string{"a", "b", "c", "d"}, []int32{0}, []uint8{0})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		ctx     context.Context
		model   *models.Model
		set     data.Dataset
		schemes []quant.Scheme
		options analysis.GradientOptions
		want    string
	}{
		{name: "one batch", options: analysis.GradientOptions{Batches: 1}, want: "1 batches; want a power of two"},
		{name: "no power of two", options: analysis.GradientOptions{Batches: 12}, want: "12 batches; want a power of two"},
		{name: "negative", options: analysis.GradientOptions{Batches: -2}, want: "-2 batches"},
		{name: "the lowest number", options: analysis.GradientOptions{Batches: math.MinInt}, want: "batches; want a power of two"},
		{name: "other images", set: other, want: "images of other are"},
		{name: "bad scheme", schemes: []quant.Scheme{{WeightBits: 9}}, want: "WeightBits 9"},
		{name: "bad choice", schemes: schemes(t, "w4a4"), options: analysis.GradientOptions{Choice: calib.Choice{Method: "guess"}}, want: `no method "guess"`},
		{name: "bad augmentation", options: analysis.GradientOptions{Augment: data.Augment{Pad: -1}}, want: "loader"},
		{name: "NaN weight", model: broken, want: "the gradient of conv1.weight in fp32 is not finite on batch 0"},
		{name: "ended", ctx: ended, want: context.Canceled.Error()},
	} {
		if test.ctx == nil {
			test.ctx = context.Background()
		}
		if test.model == nil {
			test.model = m
		}
		if test.set == nil {
			test.set = striped()
		}
		_, err := analysis.GradientNoise(test.ctx, test.model, test.set, test.schemes, test.options)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v; want one with %q", test.name, err, test.want)
		}
	}
}
