package data

import "math/bits"

// stream is the SplitMix64 generator [1]: integers only, so that it draws the same numbers on every machine.
// Streams with different keys are independent for all that this package draws from them.
//
// [1] Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014.
type stream struct{ state uint64 }

// golden is 2^64 divided by the golden ratio, the increment of SplitMix64.
const golden = 0x9e3779b97f4a7c15

// Purposes keep the streams of one seed apart.
const (
	purposeShuffle uint64 = iota + 1
	purposeAugment
	purposeSplit
	purposeTrain
	purposeTest
)

// newStream is keyed by all of its arguments, in order.
func newStream(seed, purpose, a, b uint64) stream {
	key := seed
	for _, part := range [...]uint64{purpose, a, b} {
		key = mix(key+golden) ^ part
	}
	return stream{mix(key)}
}

// mix is SplitMix64's output function, a bijection.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (s *stream) next() uint64 {
	s.state += golden
	return mix(s.state)
}

// below is uniform in [0, n); its bias, n/2^64, is beyond measuring.
func (s *stream) below(n int) int {
	hi, _ := bits.Mul64(s.next(), uint64(n))
	return int(hi)
}

// between is uniform in [lo, hi], bounds included.
func (s *stream) between(lo, hi int) int { return lo + s.below(hi-lo+1) }

// within is uniform in [lo, hi), in steps of 2^-53 of the range.
func (s *stream) within(lo, hi float64) float64 {
	return lo + float64((hi-lo)*(float64(s.next()>>11)/(1<<53)))
}

// oneIn is true with probability 1/n.
func (s *stream) oneIn(n int) bool { return s.below(n) == 0 }

// permutation of 0…n-1, by Fisher and Yates.
func (s *stream) permutation(n int) []int {
	order := make([]int, n)
	for i := range order {
		j := s.below(i + 1)
		order[i] = order[j]
		order[j] = i
	}
	return order
}
