package analysis

import (
	"math"
	"math/rand/v2"
	"testing"
)

// naive is a layer's LayerNoise by its definitions, from all gradients of the layer, [batch][weight].
func naive(q, g [][]float64) LayerNoise {
	n := len(q)
	out := LayerNoise{}
	for length := 1; length <= n; length *= 2 {
		var sum float64
		for from := 0; from < n; from += length {
			a, b := mean(q[from:from+length]), mean(g[from:from+length])
			sum += dot(a, b) / math.Sqrt(dot(a, a)*dot(b, b))
		}
		out.Cosine = append(out.Cosine, sum/float64(n/length))
	}
	centre, differences := mean(q), make([][]float64, n)
	for i := range q {
		differences[i] = make([]float64, len(centre))
		for j, x := range q[i] {
			out.Variance += (x - centre[j]) * (x - centre[j]) / float64(n-1)
			differences[i][j] = x - g[i][j]
			out.SquaredError += differences[i][j] * differences[i][j] / float64(n)
		}
	}
	out.SquaredNorm, out.SquaredBias = meanProduct(q), meanProduct(differences)
	return out
}

func mean(vectors [][]float64) []float64 {
	out := make([]float64, len(vectors[0]))
	for _, v := range vectors {
		for j, x := range v {
			out[j] += x / float64(len(vectors))
		}
	}
	return out
}

// meanProduct is the mean scalar product of two different vectors: of independent ones, the squared norm of what they have in common.
func meanProduct(vectors [][]float64) (sum float64) {
	for i := range vectors {
		for j := range vectors {
			if i != j {
				sum += dot(vectors[i], vectors[j])
			}
		}
	}
	return sum / float64(len(vectors)*(len(vectors)-1))
}

func TestMeterEqualsObviousLoops(t *testing.T) {
	const batches, precisions = 8, 3
	parameters := []parameter{{"a", "/net/a", 4}, {"b", "/net/b", 1}, {"c", "/net/c", 7}}
	rng := rand.New(rand.NewPCG(1, 2))
	m, gradients := newMeter(parameters, precisions), make([][][]float64, precisions) // [precision][batch][weight]
	for range batches {
		set := make([][]float64, precisions)
		for i := range set {
			set[i] = make([]float64, 12)
			for j := range set[i] {
				set[i][j] = rng.NormFloat64() + float64(j)
				if i > 0 {
					set[i][j] = set[0][j] + 0.5*float64(i)*rng.NormFloat64() + 0.1
				}
			}
			gradients[i] = append(gradients[i], append([]float64(nil), set[i]...)) // the meter owns set
		}
		m.add(set)
	}
	part := func(precision, from, to int) (out [][]float64) {
		for _, gradient := range gradients[precision] {
			out = append(out, gradient[from:to])
		}
		return out
	}
	for i := range precisions {
		got := m.noise(i, parameters)
		if len(got.Averaged) != 4 || got.Averaged[0] != 1 || got.Averaged[3] != batches {
			t.Fatalf("averages over %v batches, want 1, 2, 4, 8", got.Averaged)
		}
		for l, p := range parameters {
			wantNoise(t, got.Layers[l], p.name, p.size, naive(part(i, m.bounds[l], m.bounds[l+1]), part(0, m.bounds[l], m.bounds[l+1])))
		}
		wantNoise(t, got.Total, "total", 12, naive(part(i, 0, 12), part(0, 0, 12)))
	}
}

// wantNoise compares with what loops found.
func wantNoise(t *testing.T, got LayerNoise, name string, size int, want LayerNoise) {
	t.Helper()
	if got.Name != name || got.Size != size || len(got.Cosine) != len(want.Cosine) {
		t.Fatalf("%+v; want name %s, size %d, %d cosines", got, name, size, len(want.Cosine))
	}
	const tolerance = 1e-12 // a few hundred roundings of float64
	for i := range want.Cosine {
		if !(math.Abs(got.Cosine[i]-want.Cosine[i]) < tolerance) {
			t.Errorf("%s: cosine %v, want %v", name, got.Cosine, want.Cosine)
		}
	}
	for what, pair := range map[string][2]float64{
		"variance": {got.Variance, want.Variance}, "squared norm": {got.SquaredNorm, want.SquaredNorm},
		"squared error": {got.SquaredError, want.SquaredError}, "squared bias": {got.SquaredBias, want.SquaredBias},
		"signal to noise": {got.SignalToNoise(), want.SquaredNorm / want.Variance},
	} {
		if !(math.Abs(pair[0]-pair[1]) < tolerance*max(math.Abs(pair[1]), 1)*100) {
			t.Errorf("%s: %s %v, want %v", name, what, pair[0], pair[1])
		}
	}
}

func TestEstimatesAreUnbiased(t *testing.T) {
	// Gradients with mean (3, 4) and covariance 2*I: the squared norm is 25, the variance 4. Means of 4000 meters of 4 batches.
	rng := rand.New(rand.NewPCG(3, 4))
	parameters := []parameter{{"a", "/net/a", 2}}
	var variance, norm float64
	const repeats = 4000
	for range repeats {
		m := newMeter(parameters, 1)
		for range 4 {
			m.add([][]float64{{3 + math.Sqrt2*rng.NormFloat64(), 4 + math.Sqrt2*rng.NormFloat64()}})
		}
		layer := m.noise(0, parameters).Layers[0]
		variance, norm = variance+layer.Variance/repeats, norm+layer.SquaredNorm/repeats
	}
	// Four standard errors: of the variance sqrt(2 axes * 2*2^2/(4-1) / 4000) = 0.037, of the norm 2*5*sqrt(2/4) / sqrt(4000) = 0.11.
	if math.Abs(variance-4) > 0.15 || math.Abs(norm-25) > 0.45 {
		t.Errorf("variance %v, squared norm %v; want 4 and 25", variance, norm)
	}
}

func TestSignalToNoiseAtItsEnds(t *testing.T) {
	for _, test := range []struct {
		name  string
		layer LayerNoise
		want  float64
	}{
		{"no gradient", LayerNoise{}, 0},
		{"drowned", LayerNoise{SquaredNorm: -1, Variance: 2}, 0},
		{"no noise", LayerNoise{SquaredNorm: 1}, math.Inf(1)},
		{"both", LayerNoise{SquaredNorm: 1, Variance: 4}, 0.25},
	} {
		if got := test.layer.SignalToNoise(); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
