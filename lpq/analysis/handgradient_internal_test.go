package analysis

import (
	"math"
	"testing"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/quant"
)

// handLayer is a layer of network dense in float64, with a gradient found by hand.
type handLayer struct {
	out              int
	weight, gradient []float64     // [in, out]
	format           *quant.Format // of the quantizer before the layer; nil where there is none
	in               []float64     // of the last image, as the layer saw it
	open             []bool        // where the gradient passes the quantizer before the layer, or its ReLU
}

// handLayers takes over weights and exponents of a model of network dense.
func handLayers(m *models.Model) []*handLayer {
	exponents, weightExponents := must(m.Exponents()), must(m.WeightExponents())
	layers := make([]*handLayer, 3)
	for i, site := range m.Weights() {
		l := &handLayer{out: m.Store.GetVariable(site.Path).Shape().Dim(-1)}
		var format *quant.Format
		if bits := m.Scheme().Weights(site.Edge); bits != quant.Float {
			format = &quant.Format{Bits: bits, Signed: true, Exponent: weightExponents[site.Name][0]}
		}
		for _, x := range values(m, site.Path) {
			l.weight = append(l.weight, onGrid(format, float64(x)))
		}
		l.gradient = make([]float64, len(l.weight))
		before := m.Activations()[i]
		if bits := m.Scheme().Activations(before.Edge); bits != quant.Float {
			l.format = &quant.Format{Bits: bits, Signed: before.Signed, Exponent: exponents[before.Name]}
		}
		layers[i] = l
	}
	return layers
}

func onGrid(f *quant.Format, x float64) float64 {
	if f == nil {
		return x
	}
	return float64(f.FakeQuantize(float32(x)))
}

// forward computes the layer's output for x, which a ReLU and a quantizer, or one of them, is put before. Biases are zero at first.
func (l *handLayer) forward(x []float64, relu bool) []float64 {
	l.in, l.open = make([]float64, len(x)), make([]bool, len(x))
	out := make([]float64, l.out)
	for i, value := range x {
		l.open[i] = value > 0
		if l.format != nil { // sums of codes are often 0: the clip, which stands for the ReLU, passes its bounds
			lo, hi := l.format.Range()
			l.open[i] = lo <= value && value <= hi
		}
		if relu {
			value = max(value, 0)
		}
		l.in[i] = onGrid(l.format, value)
		for j := range out {
			out[j] += l.in[i] * l.weight[i*l.out+j]
		}
	}
	return out
}

// backward adds to the gradient, given that of the output, and returns that of the input.
func (l *handLayer) backward(delta []float64) []float64 {
	before := make([]float64, len(l.in))
	for i := range before {
		for j := range delta {
			l.gradient[i*l.out+j] += l.in[i] * delta[j]
			if l.open[i] {
				before[i] += l.weight[i*l.out+j] * delta[j]
			}
		}
	}
	return before
}

// handGradient is the gradient of the mean loss of a batch, the weights of all layers one after the other.
func handGradient(m *models.Model, batch data.Batch) (gradient []float64) {
	layers := handLayers(m)
	for n, label := range batch.Labels {
		x := make([]float64, input.Size())
		for i := range x {
			x[i] = (float64(batch.Images[n*input.Size()+i])/255 - 0.5) / 0.25
		}
		for i, l := range layers {
			x = l.forward(x, i > 0)
		}
		var sum float64
		for _, logit := range x {
			sum += math.Exp(logit)
		}
		delta := make([]float64, len(x)) // softmax minus one-hot label
		for j, logit := range x {
			delta[j] = math.Exp(logit) / sum / float64(batch.Size)
		}
		delta[label] -= 1 / float64(batch.Size)
		for i := len(layers) - 1; i >= 0; i-- {
			delta = layers[i].backward(delta)
		}
	}
	for _, l := range layers {
		gradient = append(gradient, l.gradient...)
	}
	return gradient
}

func TestGradientEqualsHandWork(t *testing.T) {
	batch := noiseImages(24)
	for _, precision := range []string{"fp32", "w8a8", "w4a4", "w2a3", "w32a2", "w3a32"} {
		t.Run(precision, func(t *testing.T) {
			m := inScheme(t, testbackend.Go(t), dense, precision, batch)
			got, _ := gradientOf(t, m, false, batch)
			want := handGradient(m, batch)
			if len(got) != len(want) {
				t.Fatalf("%d derivatives, want %d", len(got), len(want))
			}
			for i := range want {
				if !(math.Abs(got[i]-want[i]) < 1e-6) { // float32 sums of 36 terms of size 1
					t.Errorf("derivative %d: %v, want %v", i, got[i], want[i])
				}
			}
		})
	}
}
