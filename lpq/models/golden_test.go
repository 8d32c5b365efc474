package models_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/quant"
)

// goldenPrecision is what PyTorch computed with the quantized ResNet-20.
type goldenPrecision struct {
	ActivationExponents map[string]int `json:"activation_exponents"`
	WeightExponents     map[string]int `json:"weight_exponents"`
	Logits              [][]float32
}

// golden is golden/resnet20_cifar.json; images are the first records of data_batch_1.bin, of the test batch for the logits.
type golden struct {
	FP32Logits map[string][][]float32 `json:"fp32_logits"`
	Labels     []int32
	W8A8, W4A4 goldenPrecision
}

func readGolden(t *testing.T) (g golden) {
	t.Helper()
	text, err := os.ReadFile(shared.Path(t, "golden", "resnet20_cifar.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Labels) != 16 || len(g.FP32Logits) != 4 {
		t.Fatalf("golden/resnet20_cifar.json has %d labels, %d networks; want 16 and 4", len(g.Labels), len(g.FP32Logits))
	}
	return g
}

func cifar(t *testing.T) (train, test data.Dataset) {
	t.Helper()
	train, test, err := data.OpenCIFAR10(shared.Path(t, "data", "cifar-10-batches-bin"))
	if err != nil {
		t.Fatal(err)
	}
	return train, test
}

// firstPixels is the first n images of a set.
func firstPixels(t *testing.T, set data.Dataset, n int) []uint8 {
	t.Helper()
	size := set.Shape().Size()
	pixels := make([]uint8, n*size)
	for i := range n {
		if err := set.Image(i, pixels[i*size:]); err != nil {
			t.Fatal(err)
		}
	}
	return pixels
}

// pretrained loads a published network.
func pretrained(t *testing.T, backend compute.Backend, name string) *models.Model {
	t.Helper()
	network, err := models.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.New(backend, network, 0)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(shared.Path(t, "models") + "/" + name + "-*.th")
	if err != nil || len(files) != 1 {
		t.Fatalf("weights of %s: %v, %v", name, files, err)
	}
	if err := m.LoadFile(files[0]); err != nil {
		t.Fatal(err)
	}
	return m
}

func maxDifference(a, b []float32) (d float64) {
	for i := range a {
		d = max(d, math.Abs(float64(a[i])-float64(b[i])))
	}
	return d
}

func TestFP32LogitsEqualPyTorch(t *testing.T) {
	g := readGolden(t)
	train, test := cifar(t)
	_ = train
	testbackend.ForEach(t, func(t *testing.T, backend compute.Backend) {
		for name, want := range g.FP32Logits {
			m := pretrained(t, backend, name)
			n := len(want)
			if strings.Contains(strings.ToLower(backend.Name()), "go") {
				n = 1 // a second opinion, two hundred times slower
			}
			logits, err := m.Logits(firstPixels(t, test, n))
			if err != nil {
				t.Fatal(err)
			}
			if d := maxDifference(logits, slices.Concat(want[:n]...)); !(d < 1e-3) {
				t.Errorf("%s: logits differ by %g, want less than 1e-3", name, d)
			}
		}
	})
}

// activationName translates the golden's names of activations.
func activationName(golden string) string {
	switch golden {
	case "in":
		return "input"
	case "r0":
		return "relu1"
	case "pool":
		return "pool"
	}
	var block, relu int
	if _, err := fmt.Sscanf(golden, "b%d.%d", &block, &relu); err != nil {
		panic(err)
	}
	return fmt.Sprintf("layer%d.%d.relu%d", block/3+1, block%3, relu)
}

func TestQuantizedResNet20EqualsPyTorch(t *testing.T) {
	g := readGolden(t)
	train, test := cifar(t)
	backend := testbackend.XLA(t)
	for name, want := range map[string]goldenPrecision{"w8a8": g.W8A8, "w4a4": g.W4A4} {
		t.Run(name, func(t *testing.T) {
			m := pretrained(t, backend, "resnet20")
			scheme, err := quant.ParseScheme(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := m.SetScheme(scheme); err != nil {
				t.Fatal(err)
			}
			if err := m.Calibrate(context.Background(), train, models.CalibrateOptions{Ordered: true}); err != nil {
				t.Fatal(err)
			}
			exponents, err := m.Exponents()
			if err != nil {
				t.Fatal(err)
			}
			if len(want.ActivationExponents) != len(exponents) {
				t.Errorf("%d activations, PyTorch has %d", len(exponents), len(want.ActivationExponents))
			}
			for golden, l := range want.ActivationExponents {
				if got, ok := exponents[activationName(golden)]; !ok || got != l {
					t.Errorf("exponent of %s = %d (%v), PyTorch has %d", activationName(golden), got, ok, l)
				}
			}
			logits, err := m.Logits(firstPixels(t, test, 16))
			if err != nil {
				t.Fatal(err)
			}
			for i := range want.Logits {
				t.Logf("image %d: %g", i, maxDifference(logits[i*10:(i+1)*10], want.Logits[i]))
			}
		})
	}
}
