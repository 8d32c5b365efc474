package analysis

import (
	"context"
	"math"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/quant"
)

// Defaults of CurvatureOptions.
const (
	DefaultCurvatureImages    = 512
	DefaultCurvatureTolerance = 0.03
	DefaultCurvatureProducts  = 16
)

// CurvatureOptions has the settings of Curvature; the zero value is ready.
type CurvatureOptions struct {
	Images    int     // whole batches of them, at least one; 0 means DefaultCurvatureImages. Never more than the data set has
	Batch     int     // images that batch normalization sees together; 0 means models.DefaultBatch
	Tolerance float64 // the iteration ends where the value changes by less, relative; 0 means DefaultCurvatureTolerance
	Products  int     // of Hessian and vector, two gradients each, at most; 0 means DefaultCurvatureProducts
	Seed      uint64
	Augment   data.Augment
}

// Eigenvalue is the one of largest magnitude of the Hessian of a loss. For v of length 1, the last vector of the iteration,
type Eigenvalue struct {
	Value float64 `json:"value"` // v*Hv: how the loss bends along v. Negative at a saddle
	// Residual is ||Hv - Value*v||. It is what is left of the iteration, and of the kinks of the loss, which act across v.
	Residual float64 `json:"residual"`
	Products int     `json:"products"` // that it took
}

// curvatureStep is h of Curvature relative to the length of the weights.
const curvatureStep = 3e-3

// Curvature is the eigenvalue of largest magnitude of the Hessian of the training loss with respect to all trained parameters, at the model's weights. Its
// magnitude is the smoothness L there: ||grad(x) - grad(y)|| <= L * ||x - y|| for x and y nearby. Elsewhere L is another, so the largest of those
// met on a way stands for the way: a lower bound of the constant that the theory has.
//
// It is found by power iteration. Products of Hessian and vector are central differences of gradients, with h of 3/1000 of the length of the weights:
//
//	H*v = (grad(x + h*v) - grad(x - h*v)) / 2h
//
// The loss is that of the float network, whatever the model's precision, for a quantized loss is constant but for jumps. It is the mean over a few
// fixed batches, each normalized by its own statistics as in training. With ReLUs its gradient has jumps too, small ones and many, so the value depends on h:
// it is that of the loss seen at a distance of h, which is about that of an update. A third of h makes it 1.2 times as large for the published ResNet-20, and
// three times h 0.4 times; a hundredth of h shows nothing but jumps.
//
// It returns an error if the data do not fit, an option is negative, or a gradient is not finite. m does not change; the result depends on the seed alone.
func Curvature(ctx context.Context, m *models.Model, train data.Dataset, options CurvatureOptions) (Eigenvalue, error) {
	o, err := options.complete()
	if err != nil {
		return Eigenvalue{}, err
	}
	if err := m.CheckData(train); err != nil {
		return Eigenvalue{}, err
	}
	float, err := inPrecision(ctx, m, quant.Scheme{}, train, GradientOptions{})
	if err != nil {
		return Eigenvalue{}, err
	}
	d, err := newDifferentiator(float, parametersOf(float, true))
	if err != nil {
		return Eigenvalue{}, err
	}
	defer d.close()
	h := &hessian{differentiator: d}
	if h.batches, err = o.batches(ctx, train); err != nil {
		return Eigenvalue{}, err
	}
	if h.at, err = d.weights(); err != nil {
		return Eigenvalue{}, err
	}
	h.step = curvatureStep * norm(h.at)
	start, random := make([]float64, d.size), rand.New(rand.NewPCG(o.Seed, 0))
	for i := range start {
		start[i] = random.NormFloat64()
	}
	return powerIteration(func(v []float64) ([]float64, error) { return h.times(ctx, v) }, start, o.Tolerance, o.Products)
}

// powerIteration finds the eigenvalue of largest magnitude of a symmetric operator. It ends, at the latest after so many products, where neither the
// value nor the length of the product changes by more than the tolerance: the value alone may rest on its way to a larger one.
func powerIteration(times func([]float64) ([]float64, error), start []float64, tolerance float64, most int) (e Eigenvalue, err error) {
	v, length := start, norm(start)
	for e.Products < most && length > 0 {
		scale(v, 1/length)
		product, err := times(v)
		if err != nil {
			return Eigenvalue{}, err
		}
		before := [2]float64{e.Value, length}
		e.Value, length = dot(v, product), norm(product)
		e.Residual = math.Sqrt(max(length*length-e.Value*e.Value, 0)) // below zero only by rounding
		e.Products++
		if math.Abs(e.Value-before[0]) <= tolerance*math.Abs(e.Value) && math.Abs(length-before[1]) <= tolerance*length {
			break
		}
		v = product
	}
	return e, nil
}

func norm(v []float64) float64 { return math.Sqrt(dot(v, v)) }

func scale(v []float64, by float64) {
	for i := range v {
		v[i] *= by
	}
}

func addScaled(to []float64, by float64, v []float64) {
	for i, x := range v {
		to[i] += by * x
	}
}

// complete fills in the defaults.
func (o CurvatureOptions) complete() (CurvatureOptions, error) {
	if o.Images < 0 || o.Batch < 0 || o.Products < 0 || !(o.Tolerance >= 0) {
		return o, errors.Errorf("curvature: %d images in batches of %d, %d products, tolerance %v; want no negative number", o.Images, o.Batch, o.Products, o.Tolerance)
	}
	if o.Images == 0 {
		o.Images = DefaultCurvatureImages
	}
	if o.Batch == 0 {
		o.Batch = models.DefaultBatch
	}
	if o.Products == 0 {
		o.Products = DefaultCurvatureProducts
	}
	if o.Tolerance == 0 {
		o.Tolerance = DefaultCurvatureTolerance
	}
	return o, nil
}

// batches are the fixed ones.
func (o CurvatureOptions) batches(ctx context.Context, train data.Dataset) (batches []data.Batch, err error) {
	loader := GradientOptions{Batch: o.Batch, Seed: o.Seed, Augment: o.Augment}.loader(train)
	for batch, err := range loader.Epoch(ctx, 0, 0) {
		if err != nil {
			return nil, err
		}
		batches = append(batches, batch)
		if len(batches) == max(o.Images/loader.BatchSize, 1) {
			break
		}
	}
	return batches, nil
}

// hessian is that of the mean loss of some batches.
type hessian struct {
	*differentiator
	batches []data.Batch
	at      []float64 // the weights
	step    float64   // h
}

// times is its product with a vector of length 1.
func (h *hessian) times(ctx context.Context, v []float64) ([]float64, error) {
	product := make([]float64, h.size)
	for _, side := range []float64{1, -1} {
		moved := append([]float64(nil), h.at...)
		addScaled(moved, side*h.step, v)
		if err := h.setWeights(moved); err != nil {
			return nil, err
		}
		for _, batch := range h.batches {
			if err := ctx.Err(); err != nil {
				return nil, errors.Wrap(err, "curvature")
			}
			gradient, err := h.gradient(batch)
			if err != nil {
				return nil, err
			}
			addScaled(product, side/(2*h.step*float64(len(h.batches))), gradient)
		}
	}
	return product, nil
}

// weights are the parameters of the model, one after the other.
func (d *differentiator) weights() ([]float64, error) {
	flat := make([]float64, 0, d.size)
	for _, p := range d.parameters {
		value, err := d.model.Store.GetVariable(p.path).Value()
		if err != nil {
			return nil, errors.WithMessagef(err, "reading %s", p.name)
		}
		values, err := tensors.CopyFlatData[float32](value)
		if err != nil {
			return nil, errors.WithMessagef(err, "reading %s", p.name)
		}
		for _, x := range values {
			flat = append(flat, float64(x))
		}
	}
	return flat, nil
}

// setWeights sets them, rounded to float32.
func (d *differentiator) setWeights(flat []float64) error {
	for _, p := range d.parameters {
		values := make([]float32, p.size)
		for i := range values {
			values[i] = float32(flat[i])
		}
		flat = flat[p.size:]
		v := d.model.Store.GetVariable(p.path)
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(values, v.Shape().Dimensions...)); err != nil {
			return errors.WithMessagef(err, "setting %s", p.name)
		}
	}
	return nil
}
