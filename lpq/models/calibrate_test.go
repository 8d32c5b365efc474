package models_test

import (
	"context"
	"maps"
	"math"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/calib"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/nn"
	"github.com/lowprec/lpnets/lpq/quant"
)

func TestCalibrateErrors(t *testing.T) {
	ctx := context.Background()
	set := noise(t, 8)
	quantized := func(network models.Network) *models.Model {
		m, err := models.New(testbackend.Go(t), network, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.SetScheme(scheme(t, "w4a4")); err != nil {
			t.Fatal(err)
		}
		return m
	}
	broken := quantized(tiny(3))
	values := make([]float32, 3*3*4*5)
	values[7] = float32(math.NaN())
	if err := broken.Store.GetVariable("/net/conv2/weight").SetValue(tensors.FromFlatDataAndDimensions(values, 3, 3, 4, 5)); err != nil {
		t.Fatal(err)
	}
	wantError(t, broken.Calibrate(ctx, set, models.CalibrateOptions{}), "activation relu2 of network tiny", "NaN")
	if broken.Calibrated() {
		t.Error("the model counts as calibrated after an error")
	}

	negative := tiny(3)
	negative.Build = func(scope *model.Scope, x *Node) *Node {
		x = nn.Quantize(scope.In("image"), x).Edge().Done() // Signed is missing
		return nn.Dense(scope.In("fc"), nn.GlobalMeanPool(x)).Units(3).Done()
	}
	wantError(t, quantized(negative).Calibrate(ctx, set, models.CalibrateOptions{}), "activation image has negative values", "Signed()")

	m := quantized(tiny(3))
	wantError(t, m.Calibrate(ctx, set, models.CalibrateOptions{Choice: calib.Choice{Method: "guess"}}), `no method "guess"`)
	wantError(t, m.Calibrate(ctx, noise(t, 0), models.CalibrateOptions{}), "noise has no images")
	wantError(t, m.Reestimate(ctx, echoSet(t, nil), 1, models.CalibrateOptions{}), "no images")
	wantError(t, m.Reestimate(ctx, set, 1, models.CalibrateOptions{}), "re-estimating", "calibrate the network first")
	if err := m.SetScheme(quant.Scheme{WeightBits: 4, ActivationBits: 4}); err != nil {
		t.Fatal(err)
	}
	if err := m.Calibrate(ctx, set, models.CalibrateOptions{}); err != nil || !m.Calibrated() {
		t.Errorf("with float ends: calibrated %v, error %v", m.Calibrated(), err)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	wantError(t, m.Calibrate(canceled, set, models.CalibrateOptions{}), "context canceled")
}

// TestCalibrateGoesRound checks that a few images fill any number of batches, and that float activations need nothing.
func TestCalibrateGoesRound(t *testing.T) {
	m := newTiny(t, 1)
	if err := m.SetScheme(scheme(t, "w4a32")); err != nil {
		t.Fatal(err)
	}
	if err := m.Calibrate(context.Background(), nil, models.CalibrateOptions{}); err != nil || !m.Calibrated() {
		t.Errorf("float activations: %v, calibrated %v", err, m.Calibrated())
	}
	if err := m.SetScheme(scheme(t, "w4a4")); err != nil {
		t.Fatal(err)
	}
	var done int
	options := models.CalibrateOptions{Batches: 7, Batch: 4, Progress: func(d, total int) {
		if d != done+1 || total != 7 {
			t.Errorf("progress %d of %d after %d", d, total, done)
		}
		done = d
	}}
	if err := m.Calibrate(context.Background(), noise(t, 9), options); err != nil || done != 7 || !m.Calibrated() {
		t.Errorf("%v after %d batches, want 7", err, done)
	}
}

// TestReestimatePublished takes up what quantization to 4 bits does to ResNet-20: on all test images PyTorch has 51.09 % with the running
// statistics as they come and 73.59 % with those of 20 training batches. Fewer do here.
func TestReestimatePublished(t *testing.T) {
	if testing.Short() {
		t.Skip("evaluates real images")
	}
	ctx := context.Background()
	train, test := cifar(t)
	test = data.Head(test, 512) // a standard error of 2.2 points
	m := pretrained(t, testbackend.XLA(t), "resnet20")
	if err := m.SetScheme(scheme(t, "w4a4")); err != nil {
		t.Fatal(err)
	}
	options := models.CalibrateOptions{Augment: data.Augment{Pad: 4, Flip: true}}
	if err := m.Calibrate(ctx, train, options); err != nil {
		t.Fatal(err)
	}
	top1 := func() float64 {
		result, err := m.Evaluate(ctx, test, models.EvaluateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return result.Top1Pct()
	}
	before := top1()
	if err := m.Reestimate(ctx, train, 10, options); err != nil {
		t.Fatal(err)
	}
	after := top1()
	t.Logf("top-1 on %d images: %.2f %%, re-estimated %.2f %%", test.Len(), before, after)
	if math.Abs(before-51.09) > 7 || math.Abs(after-73.59) > 7 {
		t.Errorf("top-1 %.2f %% and %.2f %%, want about 51.09 and 73.59", before, after)
	}
}

// TestReestimateIsTheMean compares with statistics of the input computed by hand: batch norm is the first layer.
func TestReestimateIsTheMean(t *testing.T) {
	network := tiny(3)
	network.Mean, network.Std = make([]float32, 3), []float32{1, 1, 1}
	network.Build = func(scope *model.Scope, x *Node) *Node {
		return nn.Dense(scope.In("fc"), nn.GlobalMeanPool(nn.BatchNorm(scope.In("bn"), x).Done())).Units(3).Done()
	}
	m, err := models.New(testbackend.Go(t), network, 1)
	if err != nil {
		t.Fatal(err)
	}
	set := noise(t, 6)
	if err := m.Reestimate(context.Background(), set, 3, models.CalibrateOptions{Batch: 2, Ordered: true}); err != nil {
		t.Fatal(err)
	}
	image := make([]uint8, tinyInput.Size())
	want := make([]float64, 3)
	for i := range set.Len() {
		if err := set.Image(i, image); err != nil {
			t.Fatal(err)
		}
		for j, p := range image {
			want[j%3] += float64(p) / 255 / float64(set.Len()*len(image)/3)
		}
	}
	got := tensors.MustCopyFlatData[float32](m.Store.GetVariable("/net/bn/running_mean").MustValue())
	for c := range want {
		if math.Abs(float64(got[c])-want[c]) > 1e-5 {
			t.Errorf("running mean of channel %d is %g, want %g", c, got[c], want[c])
		}
	}
	if m.Scheme() != (quant.Scheme{}) {
		t.Errorf("precision became %s", m.Scheme())
	}
}

// TestCalibrateRandomWeights checks that a network with random weights, whose batch norm has never seen a batch, is calibrated on what training
// will compute, and that statistics that mean something are left alone, be they 0 and 1.
func TestCalibrateRandomWeights(t *testing.T) {
	ctx := context.Background()
	set, options := noise(t, 12), models.CalibrateOptions{Batch: 4}
	statistics := func(m *models.Model) (all []float32) {
		for _, name := range []string{"bn1/running_mean", "bn1/running_var", "bn2/running_mean", "bn2/running_var"} {
			value, err := m.Store.GetVariable("/net/" + name).Value()
			if err != nil {
				t.Fatal(err)
			}
			flat, err := tensors.CopyFlatData[float32](value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, flat...)
		}
		return all
	}
	calibrate := func(m *models.Model) map[string]int {
		if err := m.SetScheme(scheme(t, "w4a4")); err != nil {
			t.Fatal(err)
		}
		if err := m.Calibrate(ctx, set, options); err != nil {
			t.Fatal(err)
		}
		exponents, err := m.Exponents()
		if err != nil {
			t.Fatal(err)
		}
		return exponents
	}
	random, want := newTiny(t, 1), newTiny(t, 1)
	initial := statistics(random)
	if err := want.Reestimate(ctx, set, models.DefaultReestimationBatches, options); err != nil {
		t.Fatal(err)
	}
	measured := statistics(want)
	if got, want := calibrate(random), calibrate(want); !maps.Equal(got, want) {
		t.Errorf("exponents %v, want those of estimated statistics, %v", got, want)
	}
	if got := statistics(random); !slices.Equal(got, measured) || slices.Equal(got, initial) {
		t.Errorf("statistics %v, want those that were estimated, %v", got, measured)
	}
	if got := statistics(want); !slices.Equal(got, measured) {
		t.Errorf("statistics %v, want those that were there, %v", got, measured)
	}

	file, err := newTiny(t, 1).File()
	if err != nil {
		t.Fatal(err)
	}
	read := newTiny(t, 2)
	if err := read.SetWeights(file); err != nil {
		t.Fatal(err)
	}
	if calibrate(read); !slices.Equal(statistics(read), initial) {
		t.Errorf("statistics %v, want those of the file, %v", statistics(read), initial)
	}
}
