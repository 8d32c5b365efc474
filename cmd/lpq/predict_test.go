package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/lpq/data"
)

// pictures are built-in test images in PNG files, whose names say what they show.
func pictures(t *testing.T, n int) (files []string) {
	t.Helper()
	_, set := data.Synthetic(1, 0, n)
	shape, dir := set.Shape(), t.TempDir()
	pixels := make([]uint8, shape.Size())
	for i := range n {
		if err := set.Image(i, pixels); err != nil {
			t.Fatal(err)
		}
		picture := image.NewNRGBA(image.Rect(0, 0, shape.Width, shape.Height))
		for j := range shape.Width * shape.Height {
			picture.Set(j%shape.Width, j/shape.Width, color.NRGBA{pixels[3*j], pixels[3*j+1], pixels[3*j+2], 255})
		}
		var content bytes.Buffer
		if err := png.Encode(&content, picture); err != nil {
			t.Fatal(err)
		}
		files = append(files, filepath.Join(dir, set.Classes()[set.Label(i)]+".png"))
		if err := os.WriteFile(files[i], content.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// The built-in network knows the built-in images, in fp32 and quantized.
func TestPredict(t *testing.T) {
	t.Parallel()
	makeFixtures(t)
	files := pictures(t, 10)
	low := filepath.Join(t.TempDir(), "w4a4.safetensors")
	succeed(t, "quantize", "--precision", "w4a4", "--batches", "1", "--batch", "64", "--activations", "mse", "--weight-exponents", "mse", "--data", fixtures.images, "--out", low)
	for _, c := range []struct {
		weights, precision string
		atLeast            int // right of ten
	}{{"builtin", "fp32", 9}, {low, "w4a4", 7}} {
		fields := parsed(t, "network weights precision pictures backend device version", append([]string{"predict", "--top", "2", "--weights", c.weights}, files...)...)
		wantField(t, fields, "network", "resnet8")
		wantField(t, fields, "precision", c.precision)
		right := 0
		for i, entry := range fields["pictures"].([]any) {
			p := entry.(map[string]any)
			wantField(t, p, "file", files[i])
			best, logits := p["best"].([]any), p["logits"].([]any)
			if len(best) != 2 || len(logits) != 10 {
				t.Fatalf("%d guesses, %d logits; want 2 and 10", len(best), len(logits))
			}
			first, second := best[0].(map[string]any), best[1].(map[string]any)
			if first["probability"].(float64) < second["probability"].(float64) || logits[int(first["class"].(float64))].(float64) < logits[int(second["class"].(float64))].(float64) {
				t.Errorf("%s: %v before %v", files[i], first, second)
			}
			if first["label"].(string)+".png" == filepath.Base(files[i]) {
				right++
			}
		}
		if right < c.atLeast {
			t.Errorf("%s: %d of 10 right, want %d", c.precision, right, c.atLeast)
		}
	}
}

// What the user reads of a photograph.
func TestPredictPhotograph(t *testing.T) {
	t.Parallel()
	weights := shared.Path(t, "models", "efficientnet_lite0", "efficientnet-lite0-57934424.pth")
	coffee := filepath.Join("..", "..", "notebooks", "photographs", "coffee.jpg")
	text := succeed(t, "predict", "--model", "efficientnet_lite0", "--weights", weights, coffee)
	lines := strings.Split(text, "\n")
	if len(lines) != 8 || lines[0] != "efficientnet_lite0 fp32" || lines[1] != coffee || !strings.Contains(lines[2], " %  espresso (967)") {
		t.Errorf("got\n%swant the network, the file, espresso and four other guesses", text)
	}
}

func TestRefusesBadPictures(t *testing.T) {
	makeFixtures(t)
	text, good := file(t, "text.jpg", []byte("not a picture")), pictures(t, 1)[0]
	cut := file(t, "cut.png", read(t, good)[:500])
	names := file(t, "names.txt", []byte("cat\ndog\n"))
	predict := func(args ...string) []string { return append([]string{"predict"}, args...) }
	refuse(t, []refusal{
		{name: "none", args: predict(), want: []string{"want one picture or more", "lpq predict --help"}},
		{name: "missing", args: predict(good, "none.jpg"), want: []string{"picture", "none.jpg", "no such file"}},
		{name: "text", args: predict(good, text), want: []string{"text.jpg", "neither JPEG nor PNG"}},
		{name: "cut short", args: predict(good, cut), want: []string{"cut.png", "not enough pixel data"}},
		{name: "folder", args: predict(t.TempDir()), want: []string{"not a regular file"}},
		{name: "top", args: predict("--top", "0", good), want: []string{"--top 0", "1 or more"}},
		{name: "labels", args: predict("--labels", "none.txt", good), want: []string{"--labels", "none.txt"}},
		{name: "two labels", args: predict("--labels", names, good), want: []string{"2 names of classes", "has 10"}},
		{name: "no weights", args: predict("--model", "resnet18", good), want: []string{"only resnet8 has", "name a weight file"}},
	})
}
