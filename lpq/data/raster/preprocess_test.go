package raster_test

import (
	"encoding/json"
	"image"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/lpq/data/raster"
)

func readJSON(t *testing.T, path string, value any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, value); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func TestResizeEqualsPIL(t *testing.T) {
	var index struct {
		Cases []struct {
			Part   [4]int
			Size   [2]int
			Filter raster.Filter
			Expect string
		}
	}
	readJSON(t, "testdata/resize/index.json", &index)
	source := read(t, "testdata/resize/source.png")
	for _, tc := range index.Cases {
		t.Run(tc.Expect, func(t *testing.T) {
			want := read(t, "testdata/resize/"+tc.Expect)
			part := image.Rect(tc.Part[0], tc.Part[1], tc.Part[2], tc.Part[3])
			got := raster.NewRGB(tc.Size[0], tc.Size[1])
			if err := raster.Resize(got.Pix, got.Bounds(), source, part, got.Width, got.Height, tc.Filter); err != nil {
				t.Fatal(err)
			}
			compare(t, got, want)
			checkWindows(t, source, part, got, tc.Filter)
		})
	}
}

// checkWindows: a window of the result is the same pixels as in the whole result, and nothing is written beyond it.
func checkWindows(t *testing.T, source *raster.RGB, part image.Rectangle, whole *raster.RGB, filter raster.Filter) {
	t.Helper()
	for _, window := range []image.Rectangle{
		image.Rect(0, 0, 1, 1), image.Rect(whole.Width-1, whole.Height-1, whole.Width, whole.Height), image.Rect(whole.Width/3, whole.Height/4, whole.Width/2+1, whole.Height/2+1),
	} {
		size := 3 * window.Dx() * window.Dy()
		dst := slices.Repeat([]uint8{123}, size+9)
		if err := raster.Resize(dst, window, source, part, whole.Width, whole.Height, filter); err != nil {
			t.Fatal(err)
		}
		for i, level := range dst[:size] {
			x, y := window.Min.X+i/3%window.Dx(), window.Min.Y+i/3/window.Dx()
			if level != whole.Pix[3*(y*whole.Width+x)+i%3] {
				t.Fatalf("window %v: level %d differs from the whole", window, i)
			}
		}
		if !slices.Equal(dst[size:], slices.Repeat([]uint8{123}, 9)) {
			t.Fatalf("window %v: bytes beyond it were written", window)
		}
	}
}

// TestPreprocessEqualsTorchvision: Resize and CenterCrop of torchvision on PIL images, to the last bit.
func TestPreprocessEqualsTorchvision(t *testing.T) {
	var index struct {
		Cases []struct {
			Source, Expect string
			Resize, Crop   int
		}
	}
	readJSON(t, shared.Path(t, "golden", "preprocess", "index.json"), &index)
	for _, tc := range index.Cases {
		t.Run(tc.Expect, func(t *testing.T) {
			got := raster.NewRGB(tc.Crop, tc.Crop)
			p := raster.Preprocess{Resize: tc.Resize, Crop: tc.Crop, Filter: raster.Bilinear}
			source := read(t, shared.Path(t, "golden", "preprocess", tc.Source))
			if err := p.Apply(got.Pix, source); err != nil {
				t.Fatal(err)
			}
			compare(t, got, read(t, shared.Path(t, "golden", "preprocess", tc.Expect)))

			small, err := p.Shrink(source)
			if err != nil {
				t.Fatal(err)
			}
			again := raster.NewRGB(tc.Crop, tc.Crop)
			if err := p.Apply(again.Pix, small); err != nil {
				t.Fatal(err)
			}
			compare(t, again, got) // shrinking first changes nothing
		})
	}
}

// TestPreprocessPhotographs: photographs to crops of EfficientNet-Lite0, the whole way, against PIL.
func TestPreprocessPhotographs(t *testing.T) {
	for expect, photo := range map[string]string{
		"0008.png": "n01514859/hen.JPEG", "0126.png": "n01990800/isopod.JPEG", "0278.png": "n02119789/kit_fox.JPEG", "0402.png": "n02676566/acoustic_guitar.JPEG",
	} {
		t.Run(expect, func(t *testing.T) {
			got := raster.NewRGB(224, 224)
			if err := raster.Lite0.Apply(got.Pix, read(t, shared.Path(t, "data", "imagenet-sample", "val", photo))); err != nil {
				t.Fatal(err)
			}
			compare(t, got, read(t, shared.Path(t, "golden", "efficientnet_lite0", expect)))
		})
	}
}

// TestSides: the longer side as int(size * long / short) in Python, the window as int(round((side - crop) / 2)).
func TestSides(t *testing.T) {
	for _, tc := range []struct{ width, height, wantWidth, wantHeight int }{
		{500, 375, 341, 256}, {375, 500, 256, 341}, {256, 256, 256, 256}, {199, 301, 256, 387}, {1, 1000, 256, 256_000},
	} {
		if width, height := raster.Standard.Sides(tc.width, tc.height); width != tc.wantWidth || height != tc.wantHeight {
			t.Errorf("%dx%d: got %dx%d, want %dx%d", tc.width, tc.height, width, height, tc.wantWidth, tc.wantHeight)
		}
	}
}

func TestPreprocessErrors(t *testing.T) {
	good := raster.NewRGB(300, 300)
	for _, tc := range []struct {
		name string
		p    raster.Preprocess
		src  *raster.RGB
		dst  int
		want string
	}{
		{"no crop", raster.Preprocess{256, 0, raster.Bilinear}, good, 3 * 224 * 224, "want 1 <= crop"},
		{"crop beyond resize", raster.Preprocess{256, 257, raster.Bilinear}, good, 3 * 257 * 257, "crop <= resize"},
		{"resize too large", raster.Preprocess{1 << 20, 224, raster.Bilinear}, good, 3 * 224 * 224, "resize <= 8192"},
		{"unknown filter", raster.Preprocess{256, 224, "lanczos"}, good, 3 * 224 * 224, `no filter "lanczos"`},
		{"no room", raster.Standard, good, 3*224*224 - 1, "150527 bytes"},
		{"picture without pixels", raster.Standard, &raster.RGB{Width: 10, Height: 10}, 3 * 224 * 224, "10x10 with 0 bytes"},
		{"empty picture", raster.Standard, &raster.RGB{}, 3 * 224 * 224, "0x0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := tc.p.Apply(make([]uint8, tc.dst), tc.src); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want %q", err, tc.want)
			}
		})
	}
	if _, err := raster.Standard.Shrink(raster.NewRGB(1, 3000)); err == nil || !strings.Contains(err.Error(), "256x768000") {
		t.Errorf("a picture that would become very long: got error %v", err)
	}
	if err := raster.Standard.Apply(make([]uint8, 3*224*224), raster.NewRGB(1, 60_000)); err != nil {
		t.Errorf("the centre of a very long picture: %v", err)
	}
}

// BenchmarkTrainingCrop: a part of a picture as prepared shards hold them, to 224x224.
func BenchmarkTrainingCrop(b *testing.B) {
	src := raster.NewRGB(341, 256)
	for i := range src.Pix {
		src.Pix[i] = uint8(i*7 + i*i/5)
	}
	dst := make([]uint8, 3*224*224)
	for i := 0; b.Loop(); i++ {
		part := image.Rect(0, 0, 120+i%130, 110+i*7%140).Add(image.Pt(i%90, i%6))
		if err := raster.Resize(dst, image.Rect(0, 0, 224, 224), src, part, 224, 224, raster.Bilinear); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "crops/s")
}
