package lpq_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/builtin"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/data/imagenet"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/quant"
)

// goldenPhotographs is golden/efficientnet_lite0.json: what PyTorch computes of eight photographs, in fp32 and in W8A8.
type goldenPhotographs struct {
	Photos []struct {
		Label   int
		First20 []float64 `json:"logits_first20"`
		Top5    []int
	}
	W8A8 struct {
		Exponents []int   `json:"activation_exponents"`
		Top5      [][]int `json:"top5"`
	} `json:"w8a8_max"`
}

// readGolden also finds the photographs' files.
func readGolden(t *testing.T) (golden goldenPhotographs, files []string) {
	t.Helper()
	content, err := os.ReadFile(shared.Path(t, "golden", "efficientnet_lite0.json"))
	if err == nil {
		err = json.Unmarshal(content, &golden)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, photo := range golden.Photos {
		wnid := imagenet.Classes()[photo.Label].WNID
		found, err := filepath.Glob(filepath.Join(shared.Path(t, "data", "imagenet-sample", "val", wnid), "*.JPEG"))
		if err != nil || len(found) != 1 {
			t.Fatalf("%d photographs of %s, error %v; want one", len(found), wnid, err)
		}
		files = append(files, found[0])
	}
	return golden, files
}

func lite0(t *testing.T, file string) *lpq.Model {
	t.Helper()
	m, err := lpq.LoadModel(testbackend.XLA(t), "efficientnet_lite0", file)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func predict(t *testing.T, m *lpq.Model, files []string, options lpq.PredictOptions) []lpq.Prediction {
	t.Helper()
	predictions, err := lpq.Predict(t.Context(), m, files, options)
	if err != nil {
		t.Fatal(err)
	}
	if len(predictions) != len(files) {
		t.Fatalf("%d predictions of %d files", len(predictions), len(files))
	}
	return predictions
}

func classesOf(best []lpq.Guess) (classes []int) {
	for _, guess := range best {
		classes = append(classes, guess.Class)
	}
	return classes
}

// From a photograph's file to the five best labels, in fp32 and from a quantized network's file.
func TestPredictEqualsPyTorch(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a network for photographs twice, which takes seconds")
	}
	golden, files := readGolden(t)
	m := lite0(t, shared.Path(t, "models", "efficientnet_lite0", "efficientnet-lite0-57934424.pth"))
	for i, p := range predict(t, m, files, lpq.PredictOptions{}) {
		want := golden.Photos[i]
		if got := classesOf(p.Best); !slices.Equal(got, want.Top5) {
			t.Errorf("%s: best %v, PyTorch's %v", p.File, got, want.Top5)
		}
		if name := imagenet.Classes()[want.Label].Name; p.Best[0].Label != name {
			t.Errorf("%s: %q, want %q", p.File, p.Best[0].Label, name)
		}
		largest, worst := 0.0, 0.0
		for j, x := range want.First20 {
			largest, worst = max(largest, math.Abs(x)), max(worst, math.Abs(x-float64(p.Logits[j])))
		}
		if !(worst <= 1e-3*largest) {
			t.Errorf("%s: logits differ by %g of %g", p.File, worst, largest)
		}
		sum := 0.0
		for _, x := range p.Logits {
			sum += math.Exp(float64(x) - float64(p.Logits[want.Label]))
		}
		if got := p.Best[0].Probability; math.Abs(got*sum-1) > 1e-9 {
			t.Errorf("%s: probability %g, want %g", p.File, got, 1/sum)
		}
	}
	for i, p := range predict(t, lite0(t, quantizedAs(t, m, golden.W8A8.Exponents)), files, lpq.PredictOptions{Top: 1}) {
		if want := golden.W8A8.Top5[i][:1]; !slices.Equal(classesOf(p.Best), want) {
			t.Errorf("%s in W8A8: best %v, PyTorch's %v", p.File, p.Best, want)
		}
	}
}

// quantizedAs is the file of the network in W8A8 with the golden's exponents.
func quantizedAs(t *testing.T, m *lpq.Model, golden []int) string {
	t.Helper()
	scheme, err := quant.ParseScheme("w8a8")
	if err == nil {
		err = m.SetScheme(scheme)
	}
	if err != nil {
		t.Fatal(err)
	}
	exponents := map[string]int{"pool": -6} // up to 4: PyTorch's reference has no quantizer there
	order := slices.Clone(golden)
	take := func(name string) { exponents[name], order = order[0], order[1:] }
	for _, name := range []string{"input", "relu0", "relu1"} { // input, stem, head; then block by block
		take(name)
	}
	for _, site := range m.Activations() {
		if strings.HasPrefix(site.Name, "_blocks.") {
			take(site.Name)
		}
	}
	path := filepath.Join(t.TempDir(), "w8a8.safetensors")
	if err := m.SetExponents(exponents); err != nil {
		t.Fatal(err)
	}
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// writePNG writes an image of a data set to a file.
func writePNG(t *testing.T, path string, shape data.Shape, pixels []uint8) {
	t.Helper()
	picture := image.NewNRGBA(image.Rect(0, 0, shape.Width, shape.Height))
	for i := range shape.Width * shape.Height {
		picture.Set(i%shape.Width, i/shape.Width, color.NRGBA{pixels[3*i], pixels[3*i+1], pixels[3*i+2], 255})
	}
	var file bytes.Buffer
	if err := png.Encode(&file, picture); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

// Pictures that a network takes as they are: more than go through it at a time, the last batch is short.
func TestPredictSmallPictures(t *testing.T) {
	m, err := lpq.LoadModel(testbackend.XLA(t), builtin.Network, lpq.BuiltIn)
	if err != nil {
		t.Fatal(err)
	}
	_, test := data.Synthetic(1, 0, 21)
	want, err := m.Evaluate(t.Context(), test, models.EvaluateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	dir, files := t.TempDir(), []string(nil)
	pixels := make([]uint8, test.Shape().Size())
	for i := range test.Len() {
		if err := test.Image(i, pixels); err != nil {
			t.Fatal(err)
		}
		files = append(files, filepath.Join(dir, string(rune('a'+i))+".png"))
		writePNG(t, files[i], test.Shape(), pixels)
	}
	for i, p := range predict(t, m, files, lpq.PredictOptions{Top: 99}) {
		if p.File != files[i] || len(p.Best) != 10 || len(p.Logits) != 10 {
			t.Errorf("%s: %d guesses and %d logits; want %s, 10 and 10", p.File, len(p.Best), len(p.Logits), files[i])
		}
		if best := p.Best[0]; best.Class != int(want.Predictions[i]) || best.Label != test.Classes()[best.Class] {
			t.Errorf("%s: %+v, want class %d", p.File, best, want.Predictions[i])
		}
	}
	if named := predict(t, m, files[:1], lpq.PredictOptions{Labels: strings.Split("ABCDEFGHIJ", "")}); named[0].Best[0].Label != string(rune('A'+want.Predictions[0])) {
		t.Errorf("%+v, want the caller's names", named[0].Best)
	}
}

func TestPredictRefuses(t *testing.T) {
	m, err := lpq.LoadModel(testbackend.Go(t), builtin.Network, lpq.BuiltIn)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	large, text := filepath.Join(dir, "large.png"), filepath.Join(dir, "text.jpg")
	writePNG(t, large, data.Shape{Height: 30, Width: 40, Channels: 3}, make([]uint8, 3600))
	if err := os.WriteFile(text, []byte("not a picture"), 0o666); err != nil {
		t.Fatal(err)
	}
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name   string
		ctx    context.Context
		file   string
		labels []string
		want   string
	}{
		{name: "missing", file: "none.jpg", want: "picture none.jpg: stat none.jpg: no such file"},
		{name: "folder", file: dir, want: dir + ": not a regular file"},
		{name: "text", file: text, want: "text.jpg: neither JPEG nor PNG"},
		{name: "another size", file: large, want: "large.png: 40x30 pixels in colour; network resnet8 takes 32x32 in 3 channels, as they are"},
		{name: "names", file: large, labels: []string{"cat"}, want: "1 names of classes, network resnet8 has 10"},
		{name: "interrupted", ctx: interrupted, file: large, want: "context canceled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.ctx == nil {
				c.ctx = t.Context()
			}
			_, err := lpq.Predict(c.ctx, m, []string{c.file}, lpq.PredictOptions{Labels: c.labels})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestLabels(t *testing.T) {
	for _, c := range []struct {
		network, trainedOn string
		classes            int
		want               string // of class 3
	}{
		{"efficientnet_lite0", "", 1000, "tiger shark"},
		{"resnet20", "", 10, "cat"},
		{"resnet20", `{"data":"cifar10/train"}`, 10, "cat"},
		{"resnet20", `{"data":"synthetic/train"}`, 10, "pentagon"},
		{"resnet20", "", 7, "class 3"},
	} {
		network, err := models.Get(c.network)
		if err != nil {
			t.Fatal(err)
		}
		network.Classes = c.classes
		labels := lpq.Labels(&lpq.Model{Network: network, Provenance: map[string]string{"finetune": c.trainedOn}})
		if len(labels) != c.classes || labels[3] != c.want {
			t.Errorf("%s trained on %q: %d labels, %q; want %d, %q", c.network, c.trainedOn, len(labels), labels[3], c.classes, c.want)
		}
	}
}
