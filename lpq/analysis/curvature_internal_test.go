package analysis

import (
	"errors"
	"math"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/mat"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/nn"
)

func TestPowerIteration(t *testing.T) {
	for _, test := range []struct {
		name           string
		diagonal       []float64
		want, residual float64
	}{
		{"positive", []float64{1, 5, -2}, 5, 1e-3},
		{"negative is larger", []float64{1, 5, -7}, -7, 1e-3},
		{"the same everywhere", []float64{3, 3, 3}, 3, 1e-12},
		{"zero", []float64{0, 0, 0}, 0, 0},
	} {
		got, err := powerIteration(func(v []float64) ([]float64, error) {
			product := make([]float64, len(v))
			for i, x := range v {
				product[i] = test.diagonal[i] * x
			}
			return product, nil
		}, []float64{3, 1, 1}, 1e-9, 100)
		if err != nil || !(math.Abs(got.Value-test.want) < 1e-6) || !(got.Residual <= test.residual) || got.Products == 100 {
			t.Errorf("%s: %+v, error %v; want %v", test.name, got, err, test.want)
		}
	}
	want := errors.New("no gradient")
	if _, err := powerIteration(func([]float64) ([]float64, error) { return nil, want }, []float64{1}, 0.1, 10); err != want {
		t.Errorf("error %v, want that of the product", err)
	}
	products := 0
	if _, err := powerIteration(func(v []float64) ([]float64, error) { products++; return []float64{v[1], v[0] * 2}, nil }, []float64{1, 3}, 0, 7); err != nil || products != 7 {
		t.Errorf("%d products, error %v; want 7: it never settles", products, err)
	}
}

// regression is softmax regression, whose Hessian is known: the mean over images of (diag(p) - p*p') ⊗ [x; 1]*[x; 1]'.
var regression = models.Network{
	Name: "regression", Input: input, Classes: 3, Mean: []float32{0.5}, Std: []float32{0.25},
	Build: func(scope *model.Scope, x *Node) *Node {
		return nn.Dense(scope.In("fc"), Reshape(x, -1, input.Size())).Units(3).Done()
	},
}

// largestByHand is the eigenvalue of the Hessian of softmax regression with those weights [in, out] and no bias, in float64 and by LAPACK's method.
func largestByHand(weights []float32, batch data.Batch) float64 {
	in, out := input.Size(), 3
	size := (in + 1) * out
	hessian := mat.NewSymDense(size, nil)
	for n := range batch.Size {
		x := make([]float64, in+1)
		x[in] = 1
		logits := make([]float64, out)
		for i := range in {
			x[i] = (float64(batch.Images[n*in+i])/255 - 0.5) / 0.25
			for j := range out {
				logits[j] += x[i] * float64(weights[i*out+j])
			}
		}
		var sum float64
		p := make([]float64, out)
		for j, logit := range logits {
			p[j] = math.Exp(logit)
			sum += p[j]
		}
		for a := range size {
			for b := a; b < size; b++ {
				ja, jb := a%out, b%out
				d := -p[ja] / sum * p[jb] / sum
				if ja == jb {
					d += p[ja] / sum
				}
				hessian.SetSym(a, b, hessian.At(a, b)+d*x[a/out]*x[b/out]/float64(batch.Size))
			}
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(hessian, false) {
		panic("no eigenvalues")
	}
	values := eigen.Values(nil)
	return values[len(values)-1] // the loss is convex
}

func TestCurvatureOfSoftmaxRegression(t *testing.T) {
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		batch := noiseImages(48)
		m := must(models.New(b, regression, 1))
		set := must(data.NewMemory("noise", input, []string{"a", "b", "c"}, batch.Labels, batch.Images))
		before := values(m, "/net/fc/weight")
		want := largestByHand(before, batch)
		got, err := Curvature(t.Context(), m, set, CurvatureOptions{Batch: 24, Tolerance: 1e-6, Products: 300})
		// The weights move by 3/1000: what the third derivatives change is of the order of its square. Batches of 24 have the mean loss of all 48.
		if err != nil || !(math.Abs(got.Value/want-1) < 1e-3) || !(got.Residual < 0.02*want) {
			t.Errorf("%+v, error %v; want %v", got, err, want)
		}
		rough, err := Curvature(t.Context(), m, set, CurvatureOptions{Batch: 24})
		if err != nil || !(rough.Value < want*1.001 && rough.Value > 0.8*want) || rough.Products >= got.Products {
			t.Errorf("with the default settings %+v, error %v; want a little less than %v", rough, err, want)
		}
	})
}
