package analysis

import "math"

// meter takes in the gradients of some precisions on one batch after the other and keeps sums, not the gradients. Precision 0 is float.
//
// Averages over 1, 2, 4, ... batches come from adding neighbours, then neighbouring sums: like the bits of a binary counter, at most one
// sum of each length waits for its neighbour.
type meter struct {
	bounds  []int         // layer i is bounds[i]..bounds[i+1] of a gradient
	batches int           // taken in
	waiting [][][]float64 // [level][precision][weight]: a sum over 2^level batches; nil where none waits
	cosines [][][]float64 // [precision][level][layer], the last layer is all of them: sums over the groups of 2^level batches
	squares [][]float64   // [precision][layer]: sum of ||q||^2
	errors  [][]float64   // [precision][layer]: sum of ||q - g||^2
}

func newMeter(parameters []parameter, precisions int) *meter {
	m := &meter{bounds: []int{0}, cosines: make([][][]float64, precisions)}
	for i, p := range parameters {
		m.bounds = append(m.bounds, m.bounds[i]+p.size)
	}
	for range precisions {
		m.squares = append(m.squares, make([]float64, len(parameters)))
		m.errors = append(m.errors, make([]float64, len(parameters)))
	}
	return m
}

func (m *meter) layers() int { return len(m.bounds) - 1 }

// of is the part of a gradient that belongs to a layer.
func (m *meter) of(layer int, gradient []float64) []float64 {
	return gradient[m.bounds[layer]:m.bounds[layer+1]]
}

// add takes in a batch: set[i] is the gradient in precision i. The meter owns it from now on.
func (m *meter) add(set [][]float64) {
	for i := range set {
		for l := range m.layers() {
			q := m.of(l, set[i])
			m.squares[i][l] += dot(q, q)
			m.errors[i][l] += squaredDistance(q, m.of(l, set[0]))
		}
	}
	m.batches++
	for level := 0; ; level++ {
		m.compare(level, set)
		if level == len(m.waiting) {
			m.waiting = append(m.waiting, nil)
		}
		neighbour := m.waiting[level]
		if neighbour == nil {
			m.waiting[level] = set
			return
		}
		m.waiting[level] = nil
		for i := range set {
			for j, x := range neighbour[i] {
				set[i][j] += x
			}
		}
	}
}

// compare counts the cosines of the sums over one group of 2^level batches. Sums have the directions of means.
func (m *meter) compare(level int, set [][]float64) {
	for i := range set {
		if level == len(m.cosines[i]) {
			m.cosines[i] = append(m.cosines[i], make([]float64, m.layers()+1))
		}
		var qg, qq, gg float64
		for l := range m.layers() {
			q, g := m.of(l, set[i]), m.of(l, set[0])
			a, b, c := dot(q, g), dot(q, q), dot(g, g)
			m.cosines[i][level][l] += cosine(a, b, c)
			qg, qq, gg = qg+a, qq+b, gg+c
		}
		m.cosines[i][level][m.layers()] += cosine(qg, qq, gg)
	}
}

// noise is the result for a precision, after a power of two of batches: the last sum that waits is over all of them.
func (m *meter) noise(precision int, parameters []parameter) Noise {
	top := len(m.waiting) - 1
	all, float := m.waiting[top][precision], m.waiting[top][0]
	total := LayerNoise{Name: "total", Size: m.bounds[m.layers()], Cosine: m.meanCosines(precision, m.layers())}
	var out Noise
	for level := range m.waiting {
		out.Averaged = append(out.Averaged, 1<<level)
	}
	n := float64(m.batches)
	for l, p := range parameters {
		sum := m.of(l, all)
		squares, ofSum := m.squares[precision][l], dot(sum, sum)
		errors, ofErrors := m.errors[precision][l], squaredDistance(sum, m.of(l, float))
		layer := LayerNoise{
			Name: p.name, Size: p.size, Cosine: m.meanCosines(precision, l),
			Variance:     max((squares-ofSum/n)/(n-1), 0), // below zero only by rounding
			SquaredNorm:  (ofSum - squares) / (n * (n - 1)),
			SquaredError: errors / n,
			SquaredBias:  (ofErrors - errors) / (n * (n - 1)),
		}
		out.Layers = append(out.Layers, layer)
		total.Variance += layer.Variance
		total.SquaredNorm += layer.SquaredNorm
		total.SquaredError += layer.SquaredError
		total.SquaredBias += layer.SquaredBias
	}
	out.Total = total
	return out
}

// meanCosines is the mean over the groups of each length.
func (m *meter) meanCosines(precision, layer int) []float64 {
	means := make([]float64, len(m.cosines[precision]))
	for level, sums := range m.cosines[precision] {
		means[level] = sums[layer] / float64(m.batches>>level)
	}
	return means
}

// cosine is that of two vectors with scalar product ab and squared norms aa and bb; 0 if one of them is zero.
func cosine(ab, aa, bb float64) float64 {
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / (math.Sqrt(aa) * math.Sqrt(bb))
}

func dot(a, b []float64) (sum float64) {
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}

func squaredDistance(a, b []float64) (sum float64) {
	for i, x := range a {
		sum += (x - b[i]) * (x - b[i])
	}
	return sum
}
