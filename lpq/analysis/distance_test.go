package analysis_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/weights"
)

func ExampleBound() {
	pretrained := analysis.Bound{Variance: 2, Smoothness: 10, SquaredDistance: 0.4, Epsilon: 0.1}
	random := pretrained
	random.SquaredDistance = 40
	a, errA := pretrained.Iterations()
	b, errB := random.Iterations()
	fmt.Printf("a random start needs %.0f times the iterations %v %v\n", b/a, errA, errB)
	// Output: a random start needs 4489 times the iterations <nil> <nil>
}

func TestSquaredDistance(t *testing.T) {
	a := &weights.File{Tensors: []weights.Tensor{
		tensor("conv.weight", []int{1, 3}, 1, 2, 3), tensor("bn.weight", []int{1}, 5), tensor("bn.running_mean", []int{1}, 7),
		tensor("bn.running_var", []int{1}, 7), tensor("bn.num_batches_tracked", []int{}, 7)}}
	b := &weights.File{Tensors: []weights.Tensor{ // without the counter, in another order
		tensor("bn.running_var", []int{1}, -100), tensor("bn.running_mean", []int{1}, -100),
		tensor("bn.weight", []int{1}, 1), tensor("conv.weight", []int{1, 3}, 1, 4, 6)}}
	for _, pair := range [][2]*weights.File{{a, b}, {b, a}} {
		got, err := analysis.SquaredDistance(pair[0], pair[1])
		if want := 0. + 2*2 + 3*3 + 4*4; err != nil || got != want {
			t.Errorf("%v, error %v; want %v", got, err, want)
		}
	}
	if got, err := analysis.SquaredDistance(a, a); err != nil || got != 0 {
		t.Errorf("%v, error %v; want 0", got, err)
	}
	large := func(x float32) *weights.File {
		return &weights.File{Tensors: []weights.Tensor{tensor("a", []int{1}, x)}}
	}
	if got, err := analysis.SquaredDistance(large(1e30), large(-1e30)); err != nil || math.Abs(got/4e60-1) > 1e-6 { // float32 would overflow
		t.Errorf("%v, error %v; want 4e60", got, err)
	}
}

func TestSquaredDistanceErrors(t *testing.T) {
	a := tensor("a", []int{2}, 1, 2)
	for name, test := range map[string]struct {
		tensors, other []weights.Tensor
		want           string
	}{
		"missing":    {[]weights.Tensor{a}, nil, "tensor a is only in one"},
		"additional": {nil, []weights.Tensor{a}, "tensor a is only in one"},
		"shape":      {[]weights.Tensor{a}, []weights.Tensor{tensor("a", []int{1}, 1)}, "tensor a is [2] in one network and [1]"},
		"none":       {nil, nil, "there are none"},
	} {
		_, err := analysis.SquaredDistance(&weights.File{Tensors: test.tensors}, &weights.File{Tensors: test.other})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, test.want)
		}
	}
}

// TestDistanceAndVarianceAreOfTheSameParameters moves every trained value by one: the squared distance is their number.
func TestDistanceAndVarianceAreOfTheSameParameters(t *testing.T) {
	m, err := models.New(testbackend.Go(t), stripes, 0)
	if err != nil {
		t.Fatal(err)
	}
	before, err := m.File()
	if err != nil {
		t.Fatal(err)
	}
	after := &weights.File{}
	for _, was := range before.Tensors {
		values, err := was.Float32s()
		if err != nil {
			t.Fatal(err)
		}
		for i := range values {
			values[i]++
		}
		after.Tensors = append(after.Tensors, tensor(was.Name, was.Shape, values...))
	}
	got, err := analysis.SquaredDistance(before, after)
	noises := gradientNoise(t, m, analysis.GradientOptions{Batches: 2, Batch: 8, All: true})
	if want := float64(noises[0].Total.Size); err != nil || !(math.Abs(got/want-1) < 1e-6) {
		t.Errorf("squared distance %v, error %v; want the number of parameters, %v", got, err, want)
	}
}

func TestBound(t *testing.T) {
	for _, test := range []struct {
		name  string
		bound analysis.Bound
		want  float64
		err   string
	}{
		{name: "both", bound: analysis.Bound{Variance: 2, Smoothness: 0.5, SquaredDistance: 4, Epsilon: 0.1}, want: 1600}, // ((2 + 0.5*4)/0.1)^2
		{name: "noise alone", bound: analysis.Bound{Variance: 3, Epsilon: 0.5}, want: 36},
		{name: "distance alone", bound: analysis.Bound{Smoothness: 2, SquaredDistance: 3, Epsilon: 1}, want: 36},
		{name: "at the solution", bound: analysis.Bound{Smoothness: 2, Epsilon: 1}, want: 0},
		{name: "no error allowed", bound: analysis.Bound{Variance: 1}, err: "epsilon"},
		{name: "negative variance", bound: analysis.Bound{Variance: -1, Epsilon: 1}, err: "variance -1"},
		{name: "negative smoothness", bound: analysis.Bound{Smoothness: -1, Epsilon: 1}, err: "smoothness -1"},
		{name: "infinite distance", bound: analysis.Bound{SquaredDistance: math.Inf(1), Epsilon: 1}, err: "squared distance +Inf"},
		{name: "NaN epsilon", bound: analysis.Bound{Epsilon: math.NaN()}, err: "epsilon NaN"},
	} {
		got, err := test.bound.Iterations()
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: error %v; want one with %q", test.name, err, test.err)
			}
			continue
		}
		if err != nil || !(math.Abs(got-test.want) < 1e-9) {
			t.Errorf("%s: %v, error %v; want %v", test.name, got, err, test.want)
		}
	}
}
