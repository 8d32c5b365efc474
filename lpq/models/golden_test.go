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
	"github.com/google/go-cmp/cmp"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/calib"
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
	_, test := cifar(t)
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

// quantized is the published ResNet-20 in a precision, with the activations' exponents that PyTorch found.
func quantized(t *testing.T, backend compute.Backend, name string, want goldenPrecision) *models.Model {
	t.Helper()
	m := pretrained(t, backend, "resnet20")
	scheme, err := quant.ParseScheme(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SetScheme(scheme); err != nil {
		t.Fatal(err)
	}
	exponents := map[string]int{}
	for golden, l := range want.ActivationExponents {
		exponents[activationName(golden)] = l
	}
	if err := m.SetExponents(exponents); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestExponentsEqualPyTorch(t *testing.T) {
	g := readGolden(t)
	train, _ := cifar(t)
	m := pretrained(t, testbackend.XLA(t), "resnet20")
	histograms, err := m.Observe(context.Background(), train, models.CalibrateOptions{Ordered: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]goldenPrecision{"w8a8": g.W8A8, "w4a4": g.W4A4} {
		m := quantized(t, testbackend.Go(t), name, want)
		if len(m.Activations()) != len(want.ActivationExponents) {
			t.Errorf("%s: %d activations, PyTorch has %d", name, len(m.Activations()), len(want.ActivationExponents))
		}
		exponents, err := m.Exponents()
		if err != nil {
			t.Fatal(err)
		}
		for i, site := range m.Activations() {
			l, err := calib.Choice{}.Exponent(&histograms[i], m.Scheme().Activations(site.Edge), site.Signed)
			if err != nil || l != exponents[site.Name] {
				t.Errorf("%s: exponent of %s = %d, %v; PyTorch has %d", name, site.Name, l, err, exponents[site.Name])
			}
		}
		weightExponents, err := m.WeightExponents()
		if err != nil {
			t.Fatal(err)
		}
		wantWeights := map[string][]int{}
		for weight, l := range want.WeightExponents {
			wantWeights[weight] = []int{l}
		}
		if diff := cmp.Diff(wantWeights, weightExponents); diff != "" {
			t.Errorf("%s: weight exponents, - PyTorch's, + ours:\n%s", name, diff)
		}
	}
}

func TestQuantizedLogitsEqualPyTorch(t *testing.T) {
	const (
		exact   = 1e-4
		flipped = 0.3 // a code on a rounding tie may flip; so it does in PyTorch against itself in float64
	)
	g := readGolden(t)
	_, test := cifar(t)
	for _, precision := range []struct {
		name     string
		want     goldenPrecision
		minExact int // images of 16
	}{{"w4a4", g.W4A4, 16}, {"w8a8", g.W8A8, 12}} {
		t.Run(precision.name, func(t *testing.T) {
			m := quantized(t, testbackend.XLA(t), precision.name, precision.want)
			logits, err := m.Logits(firstPixels(t, test, 16))
			if err != nil {
				t.Fatal(err)
			}
			numExact := 0
			for i, want := range precision.want.Logits {
				got := logits[i*10 : (i+1)*10]
				d := maxDifference(got, want)
				if d < exact {
					numExact++
				}
				if !(d < flipped) || argMax(got) != argMax(want) {
					t.Errorf("image %d: logits differ by %g, best guess is %d, PyTorch's %d", i, d, argMax(got), argMax(want))
				}
			}
			t.Logf("%d of 16 images within %g", numExact, exact)
			if numExact < precision.minExact {
				t.Errorf("only %d images are within %g, want %d", numExact, exact, precision.minExact)
			}
		})
	}
	t.Run("w4a4 on the go engine", func(t *testing.T) {
		logits, err := quantized(t, testbackend.Go(t), "w4a4", g.W4A4).Logits(firstPixels(t, test, 1))
		if err != nil {
			t.Fatal(err)
		}
		if d := maxDifference(logits, g.W4A4.Logits[0]); !(d < flipped) {
			t.Errorf("logits differ by %g, want less than %g", d, flipped)
		} else {
			t.Logf("logits differ by %g", d)
		}
	})
}

func argMax(row []float32) int { return slices.Index(row, slices.Max(row)) }
