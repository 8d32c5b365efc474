package analysis_test

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
)

func TestCurvature(t *testing.T) {
	m := trained(t)
	before, err := m.File()
	if err != nil {
		t.Fatal(err)
	}
	measure := func(options analysis.CurvatureOptions) analysis.Eigenvalue {
		t.Helper()
		e, err := analysis.Curvature(t.Context(), m, striped(), options)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	options := analysis.CurvatureOptions{Images: 64, Batch: 32}
	got := measure(options)
	after, err := m.File()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, after, cmp.Comparer(bytes.Equal)); diff != "" {
		t.Errorf("the model changed:\n%s", diff)
	}
	if !(got.Value > 0) || got.Products < 3 {
		t.Errorf("%+v; want a positive value, not at once", got)
	}
	if again := measure(options); again != got {
		t.Errorf("the same seed gives %+v, and %+v", got, again)
	}
	one := options
	one.Products = 1
	if first := measure(one); first.Products != 1 || !(math.Abs(first.Value) < got.Value) {
		t.Errorf("one product gives %+v, several %+v", first, got)
	}
	if err := m.SetScheme(schemes(t, "w2a2")[0]); err != nil {
		t.Fatal(err)
	}
	if quantized := measure(options); quantized != got {
		t.Errorf("in 2 bits %+v, in float %+v; want the float loss's for both", quantized, got)
	}
}

func TestCurvatureErrors(t *testing.T) {
	m, err := models.New(testbackend.Go(t), stripes, 0)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	other, err := data.NewMemory("other", data.Shape{Height: 1, Width: 1, Channels: 1}, []string{"a", "b", "c", "d"}, []int32{0}, []uint8{0})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name    string
		ctx     context.Context
		set     data.Dataset
		options analysis.CurvatureOptions
		want    string
	}{
		{"images", t.Context(), striped(), analysis.CurvatureOptions{Images: -1}, "-1 images"},
		{"tolerance", t.Context(), striped(), analysis.CurvatureOptions{Tolerance: math.NaN()}, "tolerance NaN"},
		{"products", t.Context(), striped(), analysis.CurvatureOptions{Products: -2}, "-2 products"},
		{"augmentation", t.Context(), striped(), analysis.CurvatureOptions{Augment: data.Augment{Pad: -1}}, "loader"},
		{"other images", t.Context(), other, analysis.CurvatureOptions{}, "images of other are"},
		{"ended", ended, striped(), analysis.CurvatureOptions{}, context.Canceled.Error()},
	} {
		if _, err := analysis.Curvature(test.ctx, m, test.set, test.options); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v; want one with %q", test.name, err, test.want)
		}
	}
}

func TestGradientVarianceIsThatOfTheNoise(t *testing.T) {
	m := trained(t)
	options := analysis.GradientOptions{Batches: 4, Batch: 16, All: true}
	want := gradientNoise(t, m, options, "w4a4")
	for i, name := range []string{"fp32", "w4a4"} {
		got, err := analysis.GradientVariance(t.Context(), m, striped(), schemes(t, name)[0], options)
		if err != nil || got != want[i].Total.Variance {
			t.Errorf("%s: %v, error %v; want %v", name, got, err, want[i].Total.Variance)
		}
	}
}
