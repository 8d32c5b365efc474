package models_test

import (
	"context"
	"math"
	"math/bits"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/nn"
)

// TestOperandsAreCodes calibrates networks at 4 bits, and checks of every convolution and dense layer that what it multiplies are integer codes
// of few bits times one power of two: after pools, concatenations and additions too. Depthwise convolutions are not written as such.
func TestOperandsAreCodes(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles large networks")
	}
	for _, test := range []struct {
		network  models.Network
		operands int // convolutions, without depthwise ones, and dense layers
	}{{named(t, "resnet18"), 21}, {models.ShortDenseNet(), 21}, {named(t, "inception_v3"), 95}, {named(t, "efficientnet_lite0"), 34}} {
		network := test.network
		t.Run(network.Name, func(t *testing.T) {
			t.Parallel()
			m, err := models.New(testbackend.XLA(t), network, 1)
			if err != nil {
				t.Fatal(err)
			}
			if err := m.SetScheme(scheme(t, "w4a4")); err != nil {
				t.Fatal(err)
			}
			photograph := []uint8(nil) // of a kind
			for i := range network.Input.Size() {
				photograph = append(photograph, uint8(128+90*math.Sin(float64(i)/97)+37*math.Cos(float64(i*i%1009))))
			}
			set, err := data.NewMemory("waves", network.Input, make([]string, network.Classes), []int32{1}, photograph)
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Calibrate(context.Background(), set, models.CalibrateOptions{Batches: 1}); err != nil {
				t.Fatal(err)
			}
			checkOperands(t, m, photograph, test.operands)
		})
	}
}

func named(t *testing.T, name string) models.Network {
	t.Helper()
	network, err := models.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	return network
}

// checkOperands runs the network and looks at both operands of every multiplying layer.
func checkOperands(t *testing.T, m *models.Model, pixels []uint8, want int) {
	t.Helper()
	program, err := models.NewProgram(m, func(scope *model.Scope, pixels *Node) []*Node {
		var operands []*Node
		m.Network.Logits(scope, pixels, &nn.Run{Scheme: m.Scheme()})
		for _, node := range pixels.Graph().Nodes() {
			if kind := node.Type(); kind == NodeTypeConvGeneral || kind == NodeTypeDotGeneral {
				operands = append(operands, node.Inputs()...)
			}
		}
		return operands
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	in := m.Network.Input
	out, err := program.Call(tensors.FromFlatDataAndDimensions(pixels, 1, in.Height, in.Width, in.Channels))
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != 2*want {
		t.Errorf("%d convolutions and dense layers, want %d", len(out)/2, want)
	}
	for i := 0; i < len(out); i += 2 {
		maxValue, maxWeight := 15, 7 // signed or not
		if i == 0 || i == len(out)-2 {
			maxValue, maxWeight = 255, 127
		}
		if got := maxCode(tensors.MustCopyFlatData[float32](out[i])); got > maxValue || got == 0 {
			t.Errorf("layer %d of %d multiplies values %s with codes up to %d, want 1 to %d", i/2, len(out)/2, out[i].Shape(), got, maxValue)
		}
		if got := maxCode(tensors.MustCopyFlatData[float32](out[i+1])); got > maxWeight || got == 0 {
			t.Errorf("layer %d of %d multiplies weights %s with codes up to %d, want 1 to %d", i/2, len(out)/2, out[i+1].Shape(), got, maxWeight)
		}
	}
}

// maxCode is the largest magnitude in units of the largest power of two of which all values are multiples.
func maxCode(values []float32) int {
	largest, unit := 0., math.Inf(1)
	for _, v := range values {
		if v == 0 {
			continue
		}
		fraction, exponent := math.Frexp(float64(v))
		mantissa := uint64(math.Abs(fraction) * (1 << 53))
		unit = min(unit, math.Ldexp(1, exponent-53+bits.TrailingZeros64(mantissa)))
		largest = max(largest, math.Abs(float64(v)))
	}
	return int(min(largest/unit, math.MaxInt32))
}
