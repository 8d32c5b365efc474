package data_test

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/lpq/data"
)

func pixels(t testing.TB, d data.Dataset) []uint8 {
	t.Helper()
	size := d.Shape().Size()
	all := make([]uint8, d.Len()*size)
	for i := range d.Len() {
		if err := d.Image(i, all[i*size:]); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestSyntheticIsTheSameEverywhere: a network trained on these pictures is stored, so they may not change, on whatever machine.
// Should they have to, that network must be trained anew.
func TestSyntheticIsTheSameEverywhere(t *testing.T) {
	train, test := data.Synthetic(1, 200, 100)
	for _, tc := range []struct {
		set  data.Dataset
		want string
	}{
		{train, "258d75bea2db69966a27c6394ce725713688e16a171490c9e840b3465acd1b7a"},
		{test, "b22d2eeccc038129d8743109df2c1911f364f1eb66957fc773ece7d990a82676"},
	} {
		sum := sha256.Sum256(pixels(t, tc.set))
		if got := hex.EncodeToString(sum[:]); got != tc.want {
			t.Errorf("%s: sha256 %s, want %s", tc.set.Name(), got, tc.want)
		}
	}
}

func TestSyntheticDependsOnSeedAndNumber(t *testing.T) {
	few, test := data.Synthetic(1, 50, 50)
	many, _ := data.Synthetic(1, 120, 0)
	other, _ := data.Synthetic(2, 50, 0)
	want := pixels(t, few)
	if !slices.Equal(pixels(t, many)[:len(want)], want) {
		t.Error("pictures depend on how many there are")
	}
	if slices.Equal(pixels(t, other), want) || slices.Equal(pixels(t, test), want) {
		t.Error("another seed, or the test set, has the same pictures")
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(7))
	again, _ := data.Synthetic(1, 50, 0)
	if !slices.Equal(pixels(t, again), want) {
		t.Error("pictures depend on the number of processors")
	}
}

func TestSyntheticClasses(t *testing.T) {
	set, none := data.Synthetic(1, 30, -5)
	if got := strings.Join(set.Classes(), " "); got != "circle ellipse hexagon pentagon square rhombus triangle star cross ring" {
		t.Errorf("classes %s", got)
	}
	for i := range set.Len() {
		if set.Label(i) != int32(i%10) {
			t.Errorf("picture %d has label %d", i, set.Label(i))
		}
	}
	if none.Len() != 0 {
		t.Errorf("a set of -5 pictures has %d", none.Len())
	}
}

// TestSyntheticNeedsMoreThanColour: the nearest mean picture, which knows brightness, colour and place, is no better than chance by much;
// only the shape tells the classes apart.
func TestSyntheticNeedsMoreThanColour(t *testing.T) {
	train, test := data.Synthetic(1, 2000, 500)
	size := train.Shape().Size()
	means := make([][]float64, 10)
	for c := range means {
		means[c] = make([]float64, size)
	}
	for i, value := range pixels(t, train) {
		means[train.Label(i/size)][i%size] += float64(value) / float64(train.Len()/10)
	}
	right := 0
	image := make([]uint8, size)
	for i := range test.Len() {
		if err := test.Image(i, image); err != nil {
			t.Fatal(err)
		}
		best, nearest := 0, math.Inf(1)
		for c, mean := range means {
			sum := 0.0
			for k, m := range mean {
				sum += (m - float64(image[k])) * (m - float64(image[k]))
			}
			if sum < nearest {
				best, nearest = c, sum
			}
		}
		if int32(best) == test.Label(i) {
			right++
		}
	}
	if right > 90 { // chance: 50 ± 7
		t.Errorf("the nearest mean picture is right for %d of 500, want at most 90", right)
	}
}

// TestSyntheticRange: from faint pictures to glaring ones.
func TestSyntheticRange(t *testing.T) {
	set, _ := data.Synthetic(1, 500, 0)
	size := set.Shape().Size()
	all := pixels(t, set)
	var deviations []float64
	saturated := 0
	for i := range set.Len() {
		sum, squares, clipped := 0.0, 0.0, 0
		for _, value := range all[i*size : (i+1)*size] {
			sum, squares = sum+float64(value), squares+float64(value)*float64(value)
			if value == 0 || value == 255 {
				clipped++
			}
		}
		mean := sum / float64(size)
		deviations = append(deviations, math.Sqrt(squares/float64(size)-mean*mean))
		if clipped > size/20 {
			saturated++
		}
	}
	slices.Sort(deviations)
	if faint, strong := deviations[50], deviations[449]; strong < 4*faint {
		t.Errorf("standard deviations of pictures: %.1f at the 10th percentile, %.1f at the 90th: want four times as much", faint, strong)
	}
	if saturated < 25 || saturated > 250 {
		t.Errorf("%d of 500 pictures have 5%% of saturated values, want 25 to 250", saturated)
	}
}

func TestSyntheticOptionsErrors(t *testing.T) {
	for _, tc := range []struct {
		name  string
		spoil func(o *data.SyntheticOptions)
		want  string
	}{
		{"negative count", func(o *data.SyntheticOptions) { o.Train = -1 }, "-1 and"},
		{"count beyond memory", func(o *data.SyntheticOptions) { o.Test = 1<<20 + 1 }, "1048577 images"},
		{"noise", func(o *data.SyntheticOptions) { o.Noise = -1 }, "noise of -1"},
		{"no contrast", func(o *data.SyntheticOptions) { o.MinContrast = 0 }, "contrast from 0"},
		{"contrasts reversed", func(o *data.SyntheticOptions) { o.MaxContrast = o.MinContrast - 1 }, "contrast from"},
		{"radius too small", func(o *data.SyntheticOptions) { o.MinRadius = 1 }, "radius from 1"},
		{"radius too large", func(o *data.SyntheticOptions) { o.MaxRadius = 17 }, "to 17 pixels"},
		{"clutter", func(o *data.SyntheticOptions) { o.Clutter = 101 }, "101 strokes"},
		{"zero value", func(o *data.SyntheticOptions) { *o = data.SyntheticOptions{} }, "contrast from 0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := data.DefaultSynthetic()
			tc.spoil(&o)
			if _, _, err := data.NewSynthetic(o); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want %q", err, tc.want)
			}
		})
	}
}

func TestSyntheticExtremes(t *testing.T) {
	for _, o := range []data.SyntheticOptions{
		{Train: 20, Noise: 0, MinContrast: 1, MaxContrast: 1, MinRadius: 2, MaxRadius: 2},
		{Train: 20, Noise: 255, MinContrast: 255, MaxContrast: 255, MinRadius: 16, MaxRadius: 16, Clutter: 100},
	} {
		if _, _, err := data.NewSynthetic(o); err != nil {
			t.Error(err)
		}
	}
}

func BenchmarkSynthetic(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for b.Loop() {
		data.Synthetic(1, 1000, 0)
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "images/s")
}
