package plot_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/lowprec/lpnets/lpq/plot"
)

// figures returns one figure of each kind with labels that its SVG must hold.
func figures() map[string]struct {
	figure *plot.Figure
	labels []string
} {
	random := rand.New(rand.NewPCG(1, 2))
	weights := make([]float32, 4000)
	for i := range weights {
		weights[i] = float32(random.NormFloat64() * 0.1)
	}
	many := layerNames(110)
	type entry = struct {
		figure *plot.Figure
		labels []string
	}
	return map[string]entry{
		"similarity of 21 layers": {
			plot.Similarity("ResNet-20 & its <W4A4>", layerNames(21),
				plot.Series{Name: "W8A8", Y: constant(21, 0.9999)}, plot.Series{Name: "W4A4", Y: constant(21, 0.97)}),
			append(layerNames(21), "ResNet-20 & its <W4A4>", "W8A8", "W4A4", "cosine similarity", "1.000", "0.970"),
		},
		"similarity of 110 layers": {
			plot.Similarity("ResNet-110", many, plot.Series{Name: "W8A8", Y: constant(110, 0.99)}),
			[]string{many[0], many[109], "1.000", "0.990"},
		},
		"bars": {
			plot.Bars("Accuracy", "top-1, %", []string{"ResNet-20", "ResNet-56"},
				plot.Series{Name: "fp32", Y: []float64{91.7, 93.4}, Low: []float64{91.1, 92.9}, High: []float64{92.2, 93.9}},
				plot.Series{Name: "W4A4", Y: []float64{90.2, 92.3}}),
			[]string{"Accuracy", "top-1, % (axis starts at 88)", "ResNet-20", "ResNet-56", "fp32", "W4A4", "91.7", "93.4", "90.2", "92.3"},
		},
		"bars that differ little": {
			plot.Bars("Accuracy", "top-1, %", []string{"W8A8", "W4A4", "fp32"}, plot.Series{Y: []float64{87.72, 87.65, 88.54}}),
			[]string{"87.72", "87.65", "88.54"},
		},
		"bars from zero, some below": {
			plot.Bars("SQNR", "dB", []string{"a", "b"}, plot.Series{Y: []float64{-3, 12}}),
			[]string{"dB", "-3.0", "12.0", "a", "b"},
		},
		"lines": {
			plot.Lines("Loss", "step", "cross-entropy, nats", plot.Series{Name: "max", Y: []float64{2.3, 1.1, 0.7}},
				plot.Series{Name: "mse", X: []float64{0, 2, 4}, Y: []float64{2.2, 1.0, 0.6}, Low: []float64{2, 0.9, 0.5}, High: []float64{2.4, 1.1, 0.7}}),
			[]string{"Loss", "step", "cross-entropy, nats", "max", "mse", "0", "4", "1.0", "2.0"},
		},
		"lines over one decade": {
			plot.LogLines("Rates", "learning rate", "top-1, %", plot.Series{X: []float64{0.002, 0.06}, Y: []float64{80, 82}}),
			[]string{"learning rate", "0.002", "0.01", "0.05"},
		},
		"lines over many decades": {
			plot.LogLines("Bounds", "iterations", "loss, nats", plot.Series{X: []float64{1e-3, 1, 1e6}, Y: []float64{3, 2, 1}}),
			[]string{"iterations", "0.01", "1", "10000", "1e+06"},
		},
		"lines over decades of both": {
			plot.LogLogLines("Bounds", "iterations", "loss, nats", plot.Series{X: []float64{100, 4000}, Y: []float64{2.3, 0.2}}),
			[]string{"200", "1000", "2000", "0.2", "0.5", "1", "2"},
		},
		"a logarithmic axis of less than an octave": {
			plot.LogLines("Rates", "learning rate", "top-1, %", plot.Series{X: []float64{0.0062, 0.0091}, Y: []float64{80, 82}}),
			[]string{"0.0070", "0.0080", "0.0090"},
		},
		"histogram": {
			plot.Histogram("conv1", "weight", weights, []float64{0.25, -0.25, 0, 0.125, -0.125}),
			[]string{"conv1", "weight", "share of values per bin, %", "4000 values", "grid of 5 values, step 2^-3"},
		},
		"histogram without grid": {plot.Histogram("conv1", "weight", weights, nil), []string{"4000 values"}},
		"histogram of one value": {plot.Histogram("zeros", "weight", make([]float32, 9), []float64{0}), []string{"9 values"}},
	}
}

func layerNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("layer%d.%d.conv%d", 1+i*3/n, i/2, 1+i%2)
	}
	return names
}

func constant(n int, value float64) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = value
	}
	return values
}

func TestPNGHasItsSizeAndAPicture(t *testing.T) {
	for name, c := range figures() {
		t.Run(name, func(t *testing.T) {
			content, err := c.figure.PNG()
			if err != nil {
				t.Fatal(err)
			}
			picture, err := png.Decode(bytes.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			width, height := c.figure.Size()
			if got, want := picture.Bounds().Size(), image.Pt(int(width*192), int(height*192)); got != want {
				t.Errorf("size %v, want %v", got, want)
			}
			checkPicture(t, picture)
			again, err := c.figure.PNG()
			if err != nil || !bytes.Equal(content, again) {
				t.Errorf("drawn twice, the bytes differ (error %v)", err)
			}
		})
	}
}

// checkPicture fails unless a picture has ink in its middle and none at its rim, where labels would be cut off.
func checkPicture(t *testing.T, picture image.Image) {
	t.Helper()
	const rim = 3 // Pixels, 1 point.
	bounds := picture.Bounds()
	inside, colours := 0, map[color.Color]bool{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := color.NRGBAModel.Convert(picture.At(x, y))
			if c == (color.NRGBA{R: 255, G: 255, B: 255, A: 255}) {
				continue
			}
			if !image.Pt(x, y).In(bounds.Inset(rim)) {
				t.Fatalf("ink at (%d, %d), on the rim of %v", x, y, bounds)
			}
			inside++
			colours[c] = true
		}
	}
	if area := bounds.Dx() * bounds.Dy(); inside < area/200 || len(colours) < 10 {
		t.Errorf("%d of %d pixels have ink, in %d colours: this is nearly blank", inside, area, len(colours))
	}
}

func TestSVGIsWellFormedAndHoldsTheLabels(t *testing.T) {
	for name, c := range figures() {
		t.Run(name, func(t *testing.T) {
			content, err := c.figure.SVG()
			if err != nil {
				t.Fatal(err)
			}
			texts := svgTexts(t, content)
			for _, label := range c.labels {
				if !texts[label] {
					t.Errorf("label %q is missing in %v", label, texts)
				}
			}
			if strings.Contains(string(content), "NaN") || strings.Contains(string(content), "Inf") {
				t.Error("a coordinate is not a number")
			}
			if !strings.Contains(string(content), "font-family:'Liberation Sans',Arial,Helvetica,sans-serif;") {
				t.Error("the fonts to fall back on are missing")
			}
		})
	}
}

// svgTexts returns the contents of all text elements.
func svgTexts(t *testing.T, content []byte) map[string]bool {
	t.Helper()
	texts := map[string]bool{}
	decoder := xml.NewDecoder(bytes.NewReader(content))
	for inText := false; ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return texts
		}
		if err != nil {
			t.Fatalf("not well-formed: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			inText = token.Name.Local == "text"
		case xml.EndElement:
			inText = false
		case xml.CharData:
			if inText {
				texts[strings.TrimSpace(string(token))] = true
			}
		}
	}
}

func TestLongLabelsAreThinnedAndNeverCut(t *testing.T) {
	layers := make([]string, 60)
	for i := range layers {
		layers[i] = fmt.Sprintf("features.%d.0.block.3.0.depthwise_convolution.weight", i)
	}
	title := strings.Repeat("a very long title ", 20)
	for name, figure := range map[string]*plot.Figure{
		"similarity": plot.Similarity(title, layers, plot.Series{Name: "W8A8", Y: constant(60, 0.99995)}),
		"many series": plot.Similarity(title, layers[:3], slicesOf(20, func(i int) plot.Series {
			return plot.Series{Name: fmt.Sprintf("network number %d", i), Y: constant(3, 0.9-0.01*float64(i))}
		})...),
		"bars":        plot.Bars(title, "top-1, %", layers, plot.Series{Y: constant(60, 5)}),
		"narrow":      plot.Bars("t", "y", layers[:5], plot.Series{Y: constant(5, 5)}).Resized(2, 3),
		"large lines": plot.Lines(title, "step", "loss", plot.Series{Y: []float64{1e-12, 5e12, 123456789}}),
	} {
		t.Run(name, func(t *testing.T) {
			picture := drawn(t, figure)
			checkPicture(t, picture)
		})
	}
}

// Long names and many names in the legend make a figure higher instead of squeezing its data.
func TestFiguresMakeRoom(t *testing.T) {
	long := slicesOf(19, func(i int) string { return fmt.Sprintf("w4a4-control (%08x), seed %d", i, i) })
	named := func(n int) []plot.Series {
		return slicesOf(n, func(i int) plot.Series { return plot.Series{Name: long[i%len(long)], Y: constant(3, 0.9)} })
	}
	for name, c := range map[string]struct {
		figure   *plot.Figure
		from, to float64 // Inches.
	}{
		"short names":       {plot.Bars("t", "y", layerNames(3), plot.Series{Y: constant(3, 5)}), 4, 4},
		"a legend of rows":  {plot.Similarity("t", layerNames(3), named(4)...), 4, 4},
		"upward names":      {plot.Bars("t", "y", long, plot.Series{Y: constant(19, 5)}), 4.8, 6},
		"legend of 7 rows":  {plot.Similarity("t", layerNames(3), named(14)...), 5, 6},
		"of lines as well":  {plot.Lines("t", "x", "y", named(14)...), 5, 6},
		"and that of bars":  {plot.Bars("t", "y", layerNames(3), named(14)...), 5, 6},
		"the user's choice": {plot.Bars("t", "y", long, plot.Series{Y: constant(19, 5)}).Resized(7, 3), 3, 3},
	} {
		if _, height := c.figure.Size(); height < c.from || height > c.to {
			t.Errorf("%s: %g inches high, want %g to %g", name, height, c.from, c.to)
		}
	}
	svg, err := plot.Bars("t", "y", long, plot.Series{Y: constant(19, 5)}).SVG()
	if err != nil || !svgTexts(t, svg)[long[7]] {
		t.Errorf("name %q is not whole (error %v)", long[7], err)
	}
}

// Values of bars side by side have the width of a bar, those of bars apart a little more; else they stand upright.
func TestBarsKeepTheirValuesApart(t *testing.T) {
	turned := func(groups, series int) int {
		svg, err := plot.Bars("t", "y", slicesOf(groups, func(int) string { return "a" }), slicesOf(series, func(int) plot.Series {
			return plot.Series{Y: constant(groups, 16.5)}
		})...).SVG()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(svg), "rotate(") // One is the axis's.
	}
	for _, c := range []struct{ groups, series, want int }{{24, 1, 1}, {5, 4, 1}, {6, 4, 25}} { // Bars of 15, 18 and 15 points; values of 16.
		if got := turned(c.groups, c.series); got != c.want {
			t.Errorf("%d groups of %d bars: %d texts are turned, want %d", c.groups, c.series, got, c.want)
		}
	}
}

// drawn is a figure as a picture.
func drawn(t *testing.T, figure *plot.Figure) image.Image {
	t.Helper()
	content, err := figure.PNG()
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// Of series that lie on each other some of each shows.
func TestSeriesOnEachOtherAllShow(t *testing.T) {
	same := slicesOf(3, func(int) plot.Series { return plot.Series{Y: constant(4, 1)} })
	for name, figure := range map[string]*plot.Figure{"lines": plot.Lines("", "x", "y", same...), "similarity": plot.Similarity("", layerNames(4), same...)} {
		picture := drawn(t, figure)
		pixels := map[color.Color]int{}
		for y := range picture.Bounds().Dy() {
			for x := range picture.Bounds().Dx() {
				pixels[color.NRGBAModel.Convert(picture.At(x, y))]++
			}
		}
		for _, c := range []color.NRGBA{{0x00, 0x72, 0xb2, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x9e, 0x73, 0xff}} {
			if pixels[c] < 4*10 { // Four markers.
				t.Errorf("%s: %d pixels of colour %v", name, pixels[c], c)
			}
		}
	}
}

func slicesOf[T any](n int, of func(i int) T) []T {
	values := make([]T, n)
	for i := range values {
		values[i] = of(i)
	}
	return values
}

func TestErrorsNameTheSeries(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	layers := []string{"conv1", "linear"}
	for name, c := range map[string]struct {
		figure *plot.Figure
		want   string
	}{
		"no series":             {plot.Similarity("t", layers), `plot.Similarity: figure "t": there is no series to draw`},
		"empty series":          {plot.Similarity("t", layers, plot.Series{Name: "W4"}), `series "W4" is empty`},
		"no layers":             {plot.Similarity("t", nil, plot.Series{Name: "W4"}), `series "W4" is empty`},
		"length":                {plot.Similarity("t", layers, plot.Series{Name: "W4", Y: []float64{1}}), `series "W4" has 1 values, want 2`},
		"NaN":                   {plot.Similarity("t", layers, plot.Series{Name: "W4", Y: []float64{1, nan}}), `series "W4": Y[1] is NaN`},
		"no cosine":             {plot.Similarity("t", layers, plot.Series{Name: "W4", Y: []float64{1, 1.5}}), `series "W4": Y[1] = 1.5 is not a cosine`},
		"infinite bar":          {plot.Bars("t", "y", layers, plot.Series{Name: "W4", Y: []float64{1, inf}}), `series "W4": Y[1] is +Inf`},
		"no groups":             {plot.Bars("t", "y", nil, plot.Series{Name: "W4"}), `series "W4" is empty`},
		"NaN in interval":       {plot.Bars("t", "y", layers, plot.Series{Name: "W4", Y: []float64{1, 2}, Low: []float64{1, nan}, High: []float64{2, 2}}), `series "W4": Low[1] is NaN`},
		"half an interval":      {plot.Bars("t", "y", layers, plot.Series{Name: "W4", Y: []float64{1, 2}, Low: []float64{1, 2}}), `series "W4" has 2 Low and 0 High for 2 Y`},
		"value out of interval": {plot.Bars("t", "y", layers, plot.Series{Name: "W4", Y: []float64{1, 2}, Low: []float64{1, 1}, High: []float64{1, 1.5}}), `does not hold its value Y[1] = 2`},
		"NaN in X":              {plot.Lines("t", "x", "y", plot.Series{Name: "W4", X: []float64{nan}, Y: []float64{1}}), `series "W4": X[0] is NaN`},
		"X and Y":               {plot.Lines("t", "x", "y", plot.Series{Name: "W4", X: []float64{1, 2}, Y: []float64{1}}), `series "W4" has 2 X for 1 Y`},
		"logarithm below zero":  {plot.LogLogLines("t", "x", "y", plot.Series{Name: "W4", X: []float64{1, 2}, Y: []float64{1, -2}}), `figure "t": y from -2 on a logarithmic axis`},
		"logarithm of zero":     {plot.LogLines("t", "x", "y", plot.Series{Name: "W4", X: []float64{0, 1}, Y: []float64{1, 2}}), `figure "t": x from 0 on a logarithmic axis`},
		"too large":             {plot.Lines("t", "x", "y", plot.Series{Name: "W4", Y: []float64{-1e305, 1e305}}), `series "W4": Y[0] is -1e+305`},
		"empty tensor":          {plot.Histogram("conv1", "w", nil, nil), `figure "conv1": there are no values`},
		"NaN in tensor":         {plot.Histogram("conv1", "w", []float32{0, float32(nan)}, nil), `figure "conv1": value 1 of 2 is NaN`},
		"NaN in grid":           {plot.Histogram("conv1", "w", []float32{0}, []float64{nan}), `figure "conv1": grid[0] is NaN`},
		"size":                  {plot.Lines("t", "x", "y", plot.Series{Y: []float64{1}}).Resized(0, 4), `figure "t" cannot be 0 x 4 inches`},
		"size not a number":     {plot.Lines("t", "x", "y", plot.Series{Y: []float64{1}}).Resized(7, nan), `cannot be 7 x NaN inches`},
	} {
		t.Run(name, func(t *testing.T) {
			_, pngErr := c.figure.PNG()
			_, svgErr := c.figure.SVG()
			path := filepath.Join(t.TempDir(), "f.png")
			for _, err := range []error{c.figure.Err(), pngErr, svgErr, c.figure.Save(path)} {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want it to hold %q", err, c.want)
				}
			}
			if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) > 0 {
				t.Errorf("files left behind: %v (error %v)", entries, err)
			}
		})
	}
}

// Values that are hard on an axis: no panic, no endless loop, no coordinate that is not a number.
func TestExtremeValuesAreDrawn(t *testing.T) {
	pairs := [][]float64{
		{0, 0}, {1, 1}, {-1e-320, 1e-320}, {1, 1 + 1e-16}, {1e20, 1e20}, {-1e300, 1e300}, {1e-300, 2e-300},
		{123456.7, 123456.8}, {-5, -5}, {3.4e38, -3.4e38}, {5e-324, 5e-324}, {100, 99.99999999},
	}
	for _, pair := range pairs {
		t.Run(fmt.Sprint(pair), func(t *testing.T) {
			labels := []string{"a", "b"}
			for _, figure := range []*plot.Figure{
				plot.Lines("t", "x", "y", plot.Series{Y: pair}), plot.Lines("t", "x", "y", plot.Series{X: pair, Y: []float64{1, 2}}),
				plot.LogLogLines("t", "x", "y", plot.Series{X: []float64{max(pair[0], 5e-324), max(pair[1], 5e-324)}, Y: []float64{max(pair[1], 5e-324), max(pair[0], 5e-324)}}),
				plot.Bars("t", "y", labels, plot.Series{Y: pair}),
				plot.Bars("t", "y", labels, plot.Series{Y: pair, Low: []float64{pair[0] - 1, pair[1] - 1}, High: pair}),
				plot.Histogram("t", "x", []float32{float32(min(max(pair[0], -1e38), 1e38)), 0.5}, pair),
			} {
				svg, err := figure.SVG()
				if err != nil {
					t.Fatal(err)
				}
				if text := string(svg); strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
					t.Errorf("%v: a coordinate is not a number", figure)
				}
			}
		})
	}
}

func TestHistogramCountsWhatTheGridClips(t *testing.T) {
	values := make([]float32, 1000)
	for i := range values {
		values[i] = float32(i)/1000 - 0.5 // -0.5 ... 0.499
	}
	inside := plot.Histogram("t", "x", values, []float64{-0.5, 0, 0.5})
	if text := inside.String(); strings.Contains(text, "outside") {
		t.Errorf("%q: nothing lies outside", text)
	}
	outside := plot.Histogram("t", "x", values, []float64{-0.25, 0, 0.25})
	// 250 values below -0.25 and 249 above 0.25.
	if text := outside.String(); !strings.Contains(text, "outside the grid: 50 % of the values") {
		t.Errorf("%q: want 50 %% outside", text)
	}
}

// Only a side with clipped values is tinted.
func TestHistogramTintsTheSidesThatAreClipped(t *testing.T) {
	values := []float32{-1, 0, 1}
	for want, grid := range map[int][]float64{0: {-1, 0, 1}, 2: {-1, 0}, 3: {-0.5, 0.5}} { // One more is in the legend.
		svg, err := plot.Histogram("t", "x", values, grid).SVG()
		if got := strings.Count(string(svg), "fill-opacity:0.15686"); err != nil || got != want {
			t.Errorf("grid %v: %d tinted boxes (error %v), want %d", grid, got, err, want)
		}
	}
}

func TestSave(t *testing.T) {
	figure := plot.Lines("Loss", "step", "nats", plot.Series{Name: "run", Y: []float64{2, 1}})
	folder := t.TempDir()
	for name, magic := range map[string]string{"a.png": "\x89PNG", "b.SVG": "<?xml"} {
		path := filepath.Join(folder, name)
		for range 2 { // The second time it replaces the first file.
			if err := figure.Save(path); err != nil {
				t.Fatal(err)
			}
		}
		content, err := os.ReadFile(path)
		if err != nil || !strings.HasPrefix(string(content), magic) {
			t.Errorf("%s starts with %.8q (error %v), want %q", name, content, err, magic)
		}
	}
	for name, want := range map[string]string{"c.jpg": "must end in .png or .svg", "none/d.png": `saving figure "Loss"`} {
		if err := figure.Save(filepath.Join(folder, name)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want it to hold %q", name, err, want)
		}
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 2 {
		t.Errorf("files %v (error %v), want two", entries, err)
	}
}

func TestFiguresAreDrawnConcurrently(t *testing.T) {
	figure := plot.Similarity("t", layerNames(21), plot.Series{Name: "a", Y: constant(21, 0.9)})
	want, err := figure.SVG()
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if got, err := figure.SVG(); err != nil || !bytes.Equal(got, want) {
				t.Errorf("another drawing (error %v)", err)
			}
		})
	}
	group.Wait()
}

func ExampleSimilarity() {
	fig := plot.Similarity("W4A4 against fp32", []string{"conv1", "layer1.0.conv1", "linear"},
		plot.Series{Name: "calibrated", Y: []float64{0.991, 0.972, 0.985}},
		plot.Series{Name: "fine-tuned", Y: []float64{0.988, 0.969, 0.983}})
	svg, err := fig.SVG()
	fmt.Println(fig, len(svg) > 0, err)
	// Output: Figure "W4A4 against fp32" (7 x 4 in): calibrated, fine-tuned true <nil>
}

func ExampleFigure_Err() {
	fig := plot.Lines("Loss", "step", "nats", plot.Series{Name: "seed 7", Y: []float64{2.3, math.NaN()}})
	fmt.Println(fig.Err())
	// Output: plot.Lines: figure "Loss": series "seed 7": Y[1] is NaN, which cannot be drawn
}
