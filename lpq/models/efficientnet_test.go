package models_test

import (
	"context"
	"encoding/json"
	"fmt"
	"image/png"
	"math"
	"os"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/data/imagenet"
	"github.com/lowprec/lpnets/lpq/data/raster"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/nn"
	"github.com/lowprec/lpnets/lpq/quant"
)

// goldenLite0 is golden/efficientnet_lite0.json: what PyTorch computes of eight photographs.
type goldenLite0 struct {
	Photos []struct {
		File      string
		Label     int
		First20   []float32 `json:"logits_first20"`
		LogitsSum float64   `json:"logits_sum"`
		LogitsRMS float64   `json:"logits_rms"`
		Top5      []int     `json:"top5"`
	}
	W8A8Max goldenLite0W8A8 `json:"w8a8_max"`
	W8A8MSE goldenLite0W8A8 `json:"w8a8_mse"`
}

type goldenLite0W8A8 struct {
	ActivationExponents []int       `json:"activation_exponents"`
	First20             [][]float32 `json:"logits_first20"`
	Top5                [][]int
}

func readLite0(t *testing.T) (g goldenLite0, pixels []uint8) {
	t.Helper()
	text, err := os.ReadFile(shared.Path(t, "golden", "efficientnet_lite0.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	for _, photo := range g.Photos {
		pixels = append(pixels, readPNG(t, shared.Path(t, "golden", "efficientnet_lite0", photo.File))...)
	}
	return g, pixels
}

func readPNG(t *testing.T, path string) (pixels []uint8) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }() // it was only read
	picture, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			r, g, b, _ := picture.At(x, y).RGBA()
			pixels = append(pixels, uint8(r>>8), uint8(g>>8), uint8(b>>8))
		}
	}
	return pixels
}

// lite0 is the published network.
func lite0(t *testing.T) *models.Model {
	t.Helper()
	network, err := models.Get("efficientnet_lite0")
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.New(testbackend.XLA(t), network, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.LoadFile(shared.Path(t, "models", "efficientnet_lite0", "efficientnet-lite0-57934424.pth")); err != nil {
		t.Fatal(err)
	}
	return m
}

// largest is that of the magnitudes.
func largest(values []float32) (x float64) {
	for _, v := range values {
		x = max(x, math.Abs(float64(v)))
	}
	return x
}

func TestLite0EqualsPyTorch(t *testing.T) {
	g, pixels := readLite0(t)
	logits, err := lite0(t).Logits(pixels)
	if err != nil {
		t.Fatal(err)
	}
	worst := 0.
	for i, photo := range g.Photos {
		row := logits[i*1000 : (i+1)*1000]
		var sum, squares float64
		for _, x := range row {
			sum += float64(x)
			squares += float64(x) * float64(x)
		}
		d := maxDifference(row[:20], photo.First20) / largest(photo.First20)
		worst = max(worst, d)
		rms := math.Sqrt(squares / 1000)
		sumDiffers := math.Abs(sum-photo.LogitsSum) > 1e-3*math.Abs(photo.LogitsSum)
		if !(d <= 1e-3) || sumDiffers || math.Abs(rms-photo.LogitsRMS) > 1e-4*photo.LogitsRMS {
			t.Errorf("%s: first logits differ by relative %.2g; sum %g, want %g; root of the mean square %g, want %g", photo.File, d, sum, photo.LogitsSum, rms, photo.LogitsRMS)
		}
		if got := best5(row); !slices.Equal(got, photo.Top5) {
			t.Errorf("%s: best guesses %v, PyTorch's %v", photo.File, got, photo.Top5)
		}
	}
	t.Logf("logits differ by relative %.2g", worst)
}

// best5 lists the five best classes.
func best5(row []float32) []int {
	order := make([]int, len(row))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case row[a] > row[b]:
			return -1
		case row[a] < row[b]:
			return 1
		}
		return 0
	})
	return order[:5]
}

// lite0Sites lists the names of our activations in the golden's order: input, stem, head, then of each block.
func lite0Sites() []string {
	names := []string{"input", "relu0", "relu1"}
	for i := range 16 {
		if i > 0 {
			names = append(names, fmt.Sprintf("_blocks.%d.relu0", i))
		}
		names = append(names, fmt.Sprintf("_blocks.%d.relu1", i), fmt.Sprintf("_blocks.%d.output", i))
	}
	return names
}

// TestLite0ExponentsEqualPyTorch calibrates on the 100 photographs that the golden was calibrated on.
func TestLite0ExponentsEqualPyTorch(t *testing.T) {
	if testing.Short() {
		t.Skip("calibrates on 100 photographs")
	}
	g, _ := readLite0(t)
	train, _, err := imagenet.Open(shared.Path(t, "data", "imagenet-sample"),
		imagenet.Options{Preprocess: raster.Preprocess{Resize: 256, Crop: 224, Filter: raster.Bicubic}})
	if err != nil {
		t.Fatal(err)
	}
	m := lite0(t)
	if err := m.SetScheme(scheme(t, "w8a8")); err != nil {
		t.Fatal(err)
	}
	if err := m.Calibrate(context.Background(), train, models.CalibrateOptions{Ordered: true, Batch: 10, Batches: 10}); err != nil {
		t.Fatal(err)
	}
	exponents, err := m.Exponents()
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range lite0Sites() {
		if want := g.W8A8Max.ActivationExponents[i]; exponents[name] != want {
			t.Errorf("exponent of %s is %d, PyTorch's %d", name, exponents[name], want)
		}
	}
}

// TestQuantizedLite0EqualsPyTorch compares what reaches the last layer exactly, through PyTorch's mean, which has no quantizer behind it; and the
// whole network's best guesses.
func TestQuantizedLite0EqualsPyTorch(t *testing.T) {
	const (
		// Of the largest logit. A code on a rounding tie flips where sums are not exact, and others after it: which ones depends on the processor, for
		// it decides the order of the sums.
		flipped       = 0.2
		flippedMedian = 0.05
	)
	g, pixels := readLite0(t)
	m := lite0(t)
	var differences []float64
	for _, test := range []struct {
		rule quant.Rule
		want goldenLite0W8A8
	}{{quant.RuleMax, g.W8A8Max}, {quant.RuleMSE, g.W8A8MSE}} {
		s := scheme(t, "w8a8")
		s.WeightRule = test.rule
		quantizeLite0(t, m, s, test.want)
		logits, unpooled := lite0Unpooled(t, m, pixels)
		for i, want := range test.want.First20 {
			row, d := logits[i*1000:(i+1)*1000], maxDifference(unpooled[i*1000:][:20], want)
			differences = append(differences, d/largest(want))
			if d = max(d, maxDifference(row[:20], want)); !(d <= flipped) {
				t.Errorf("%s, %s: the first logits differ by %g of %g", test.rule, g.Photos[i].File, d, largest(want))
			}
			if got := best5(row)[0]; got != test.want.Top5[i][0] {
				t.Errorf("%s, %s: best guess %d, PyTorch's %d", test.rule, g.Photos[i].File, got, test.want.Top5[i][0])
			}
		}
	}
	slices.Sort(differences)
	median := differences[len(differences)/2]
	t.Logf("first logits differ by relative %.2g to %.2g, median %.2g", differences[0], differences[len(differences)-1], median)
	if !(median <= flippedMedian) {
		t.Errorf("first logits differ by a median of relative %g, want at most %g", median, flippedMedian)
	}
}

// quantizeLite0 sets the golden's exponents, and of our pool's quantizer one that holds what was seen.
func quantizeLite0(t *testing.T, m *models.Model, s quant.Scheme, want goldenLite0W8A8) {
	t.Helper()
	if err := m.SetScheme(s); err != nil {
		t.Fatal(err)
	}
	exponents := map[string]int{"pool": -6} // up to 4
	for i, name := range lite0Sites() {
		exponents[name] = want.ActivationExponents[i]
	}
	if err := m.SetExponents(exponents); err != nil {
		t.Fatal(err)
	}
	if len(exponents) != len(m.Activations()) {
		t.Errorf("%d activations, want PyTorch's %d and the pool's", len(m.Activations()), len(want.ActivationExponents))
	}
}

// lite0Unpooled is the network's logits, and what they are without a quantizer behind the mean.
func lite0Unpooled(t *testing.T, m *models.Model, pixels []uint8) (logits, unpooled []float32) {
	t.Helper()
	program, err := models.NewProgram(m, func(scope *model.Scope, pixels *Node) []*Node {
		whole := m.Network.Logits(scope, pixels, &nn.Run{Scheme: m.Scheme()})
		features := nn.GlobalMeanPool(pixels.Graph().GetNodeByAlias("features"))
		fc := scope.At(models.Root).At("_fc")
		return []*Node{whole, nn.Dense(fc, features).Units(m.Network.Classes).Edge().Done()}
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	in := m.Network.Input
	out, err := program.Call(tensors.FromFlatDataAndDimensions(pixels, len(pixels)/in.Size(), in.Height, in.Width, in.Channels))
	if err != nil {
		t.Fatal(err)
	}
	return tensors.MustCopyFlatData[float32](out[0]), tensors.MustCopyFlatData[float32](out[1])
}
