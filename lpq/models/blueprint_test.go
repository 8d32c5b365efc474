package models_test

import (
	"math"
	"slices"
	"testing"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/quant"
)

// published is what torchvision says of its networks: num_params and _ops, billions of multiply-adds, of the IMAGENET1K_V1 weights' meta data.
var published = []struct {
	name       string
	parameters int
	ops        float64
}{
	{"resnet18", 11_689_512, 1.814},
	{"resnet34", 21_797_672, 3.664},
	{"resnet50", 25_557_032, 4.089},
	{"resnet152", 60_192_808, 11.514},
	{"vgg16_bn", 138_365_992, 15.470},
	{"densenet161", 28_681_000, 7.728},
	{"inception_v3", 27_161_264, 5.713},
}

func blueprint(t *testing.T, name string) models.Blueprint {
	t.Helper()
	b, err := named(t, name).Blueprint(testbackend.Go(t))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The values in a quantized file are those on the grid that the engine chooses.
func TestBlueprintQuantized(t *testing.T) {
	network, err := models.Get("resnet8")
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.New(testbackend.XLA(t), network, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, granularity := range []quant.Granularity{quant.PerTensor, quant.PerChannel} {
		s := scheme(t, "w4a4")
		s.WeightRule, s.Granularity = quant.RuleMSE, granularity
		if err := m.SetScheme(s); err != nil {
			t.Fatal(err)
		}
		file, err := m.File()
		if err != nil {
			t.Fatal(err)
		}
		got, err := blueprint(t, "resnet8").Quantized(file)
		if err != nil {
			t.Fatal(err)
		}
		exponents, err := m.WeightExponents()
		if err != nil {
			t.Fatal(err)
		}
		edges := map[string]bool{}
		for _, site := range m.Weights() {
			edges[site.Name] = site.Edge
		}
		changed := 0
		for i, tensor := range file.Tensors {
			want, err := tensor.Float32s()
			if err != nil {
				t.Fatal(err)
			}
			want = slices.Clone(want)
			ls := exponents[tensor.Name]
			for k := range want {
				if len(ls) > 0 {
					want[k] = quant.Format{Bits: s.Weights(edges[tensor.Name]), Signed: quant.Signed, Exponent: ls[k*len(ls)/len(want)]}.FakeQuantize(want[k])
				}
			}
			values, err := got.Tensors[i].Float32s()
			if err != nil || got.Tensors[i].Name != tensor.Name || !slices.Equal(values, want) {
				t.Errorf("%s by %s: other values than on the grids %v, %v", tensor.Name, granularity, ls, err)
			}
			if original, _ := tensor.Float32s(); !slices.Equal(values, original) {
				changed++
			}
		}
		if changed != len(edges) {
			t.Errorf("%d tensors were changed, want the weights of %d layers", changed, len(edges))
		}
	}
}

func TestBlueprintEqualsTorchvision(t *testing.T) {
	for _, want := range published {
		t.Run(want.name, func(t *testing.T) {
			b := blueprint(t, want.name)
			if got := b.NumParameters(); got != want.parameters {
				t.Errorf("%d parameters, want %d", got, want.parameters)
			}
			if got := float64(b.MultiplyAdds()) / 1e9; math.Abs(got-want.ops) > 0.0006 { // it is rounded to three places
				t.Errorf("%.4f billion multiply-adds, want %.3f", got, want.ops)
			}
		})
	}
}

// A blueprint tells what the network with weights does.
func TestBlueprintEqualsModel(t *testing.T) {
	for _, name := range []string{"resnet20", "inception_v3", "efficientnet_lite0"} { // inception_v3 has an auxiliary classifier
		b, m := blueprint(t, name), zooModel(t, name, 1)
		if b.NumParameters() != m.NumParameters() || b.MultiplyAdds() != m.MultiplyAdds() {
			t.Errorf("%s: %d parameters and %d multiply-adds, the model has %d and %d", name, b.NumParameters(), b.MultiplyAdds(), m.NumParameters(), m.MultiplyAdds())
		}
		for _, precision := range []string{"fp32", "w8a8", "w4a4"} {
			s := scheme(t, precision)
			for _, s.Granularity = range []quant.Granularity{quant.PerTensor, quant.PerChannel} {
				if err := m.SetScheme(s); err != nil {
					t.Fatal(err)
				}
				if got, want := b.SizeBytes(s), m.SizeBytes(); got != want {
					t.Errorf("%s in %s: %d bytes, the model has %d", name, s, got, want)
				}
			}
		}
	}
}
