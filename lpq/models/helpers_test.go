package models_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/google/go-cmp/cmp"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/nn"
	"github.com/lowprec/lpnets/lpq/quant"
	"github.com/lowprec/lpnets/lpq/weights"
)

var tinyInput = data.Shape{Height: 8, Width: 8, Channels: 3}

// tiny is a network of two convolutions and a dense layer.
func tiny(classes int) models.Network {
	return models.Network{
		Name: "tiny", Input: tinyInput, Classes: classes, Mean: []float32{0.5, 0.5, 0.5}, Std: []float32{0.25, 0.25, 0.25},
		Build: func(scope *model.Scope, x *Node) *Node {
			x = nn.Quantize(scope.In("input"), x).Signed().Edge().Done()
			x = nn.Conv(scope.In("conv1"), x).Channels(4).Kernel(3).Padding(1).Edge().Done()
			x = nn.ReLU(scope.In("relu1"), nn.BatchNorm(scope.In("bn1"), x).Done()).Done()
			x = nn.Conv(scope.In("conv2"), x).Channels(5).Kernel(3).Strides(2).Padding(1).Done()
			x = nn.ReLU(scope.In("relu2"), nn.BatchNorm(scope.In("bn2"), x).Done()).Done()
			x = nn.Quantize(scope.In("pool"), nn.GlobalMeanPool(x)).Edge().Done()
			return nn.Dense(scope.In("fc"), x).Units(classes).Edge().Done()
		},
	}
}

// newTiny makes a tiny network for three classes on the go engine, which compiles nothing.
func newTiny(t *testing.T, seed int64) *models.Model {
	t.Helper()
	m, err := models.New(testbackend.Go(t), tiny(3), seed)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// noise is images of random pixels for the tiny network, with labels 0, 1, 2, 0, ...
func noise(t *testing.T, n int) data.Dataset {
	t.Helper()
	pixels, labels := make([]uint8, n*tinyInput.Size()), make([]int32, n)
	state := uint32(1)
	for i := range pixels {
		state = state*1664525 + 1013904223 // Numerical Recipes' generator
		pixels[i] = uint8(state >> 24)
	}
	for i := range labels {
		labels[i] = int32(i % 3)
	}
	set, err := data.NewMemory("noise", tinyInput, []string{"a", "b", "c"}, labels, pixels)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// calibrated is a tiny network in a precision, calibrated on noise.
func calibrated(t *testing.T, seed int64, precision string) *models.Model {
	t.Helper()
	m := newTiny(t, seed)
	if err := m.SetScheme(scheme(t, precision)); err != nil {
		t.Fatal(err)
	}
	if err := m.Calibrate(context.Background(), noise(t, 16), models.CalibrateOptions{Batches: 1}); err != nil {
		t.Fatal(err)
	}
	return m
}

func scheme(t testing.TB, name string) quant.Scheme {
	t.Helper()
	s, err := quant.ParseScheme(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fileOf is everything there is to a model.
func fileOf(t *testing.T, m *models.Model) *weights.File {
	t.Helper()
	file, err := m.File()
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// wantSame compares two files, content by content.
func wantSame(t *testing.T, what string, got, want *weights.File) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.Comparer(bytes.Equal)); diff != "" {
		t.Errorf("%s (- want, + got):\n%s", what, diff)
	}
}

// wantError checks that an error has all of these parts.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error; want one with %q", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q; want it to say %q", err, part)
		}
	}
}
