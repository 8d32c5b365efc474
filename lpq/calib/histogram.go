package calib

import "math"

// A magnitude's float32 word, less one, split into octave and bin: so a bin holds (lo, hi], and every power of two is the upper
// end of its bin. ceil(log2) of a bin's values is therefore known exactly, however wide the bins are.
const (
	mantissaBits   = 23
	binBits        = 10
	binsPerOctave  = 1 << binBits // relative width of a bin: 2^-10
	binShift       = mantissaBits - binBits
	magnitudeMask  = 1<<31 - 1
	infinityWord   = 0xff << mantissaBits
	numOctaves     = 0xff + 1
	octaveOfBinKey = binBits
)

// Histogram counts magnitudes of float32 values in logarithmic bins, 1024 to the octave, over the whole range of the type: no range
// need be known in advance, and two histograms can be merged exactly. Octaves that never occur take no memory; a histogram takes at most
// 2 MB, usually 0.3. The zero value is empty and ready.
type Histogram struct {
	octaves  [numOctaves]*[binsPerOctave]uint64
	zeros    uint64
	total    uint64  // finite values
	broken   uint64  // NaN and infinities
	maximum  float32 // largest finite magnitude
	negative bool    // a negative value was seen
}

// Observe counts the magnitudes of the values.
func (h *Histogram) Observe(values []float32) {
	var largest uint32
	brokenBefore := h.broken
	for _, v := range values {
		word := math.Float32bits(v)
		if word>>31 != 0 && word&magnitudeMask != 0 {
			h.negative = true
		}
		word &= magnitudeMask
		switch {
		case word == 0:
			h.zeros++
			continue
		case word >= infinityWord:
			h.broken++
			continue
		}
		largest = max(largest, word)
		h.bins(word)[(word-1)>>binShift%binsPerOctave]++
	}
	h.maximum = max(h.maximum, math.Float32frombits(largest))
	h.total += uint64(len(values)) - (h.broken - brokenBefore)
}

// bins is the octave that holds a magnitude, made if it is new.
func (h *Histogram) bins(word uint32) *[binsPerOctave]uint64 {
	octave := (word - 1) >> mantissaBits
	if h.octaves[octave] == nil {
		h.octaves[octave] = new([binsPerOctave]uint64)
	}
	return h.octaves[octave]
}

// Merge adds what other counted; the result is as if h had observed all values itself.
func (h *Histogram) Merge(other *Histogram) {
	for i, octave := range other.octaves {
		if octave == nil {
			continue
		}
		if h.octaves[i] == nil {
			h.octaves[i] = new([binsPerOctave]uint64)
		}
		for j, n := range octave {
			h.octaves[i][j] += n
		}
	}
	h.zeros += other.zeros
	h.total += other.total
	h.broken += other.broken
	h.maximum = max(h.maximum, other.maximum)
	h.negative = h.negative || other.negative
}

// Count is the number of finite values observed.
func (h *Histogram) Count() uint64 { return h.total }

// Broken is the number of values observed that were NaN or infinite; they are in no other figure.
func (h *Histogram) Broken() uint64 { return h.broken }

// Negative reports whether a value below zero was observed.
func (h *Histogram) Negative() bool { return h.negative }

// Max is the largest magnitude observed, exactly; 0 if there was none.
func (h *Histogram) Max() float64 { return float64(h.maximum) }

// Percentile is the magnitude below which p percent of the observed ones lie, interpolated between neighbours as NumPy does by default.
// It is the upper end of a bin: at most a factor of 1+2^-10 above the exact percentile, and never on the other side of a power of
// two unless the two neighbours are. 0 if nothing was observed.
func (h *Histogram) Percentile(p float64) float64 {
	if h.total == 0 {
		return 0
	}
	position := min(max(p, 0), 100) / 100 * float64(h.total-1)
	below := math.Floor(position)
	lo := h.order(uint64(below))
	hi := h.order(min(uint64(below)+1, h.total-1))
	return lo + (hi-lo)*(position-below)
}

// order is the magnitude of the given rank, counted from 0: the upper end of its bin, or the maximum if that is lower.
func (h *Histogram) order(rank uint64) float64 {
	if rank < h.zeros {
		return 0
	}
	rank -= h.zeros
	value := h.Max()
	for upper, n := range h.each {
		if rank < n {
			value = min(upper, value)
			break
		}
		rank -= n
	}
	return value
}

// each yields the upper end and the count of every bin that is not empty, in rising order, zeros excluded.
func (h *Histogram) each(yield func(upper float64, n uint64) bool) {
	for i, octave := range h.octaves {
		if octave == nil {
			continue
		}
		for j, n := range octave {
			if n == 0 {
				continue
			}
			key := uint32(i)<<octaveOfBinKey | uint32(j)
			if !yield(float64(math.Float32frombits((key+1)<<binShift)), n) {
				return
			}
		}
	}
}

// squaredError is the sum over the observed magnitudes of (x - quantized x)^2, each taken at its bin's centre.
func (h *Histogram) squaredError(quantize func(float32) float32) float64 {
	var sum float64
	for upper, n := range h.each {
		x := min(upper, h.Max()) * (1 - 1./(4*binsPerOctave)) // a bin is 2^-11..2^-10 of its upper end wide
		d := x - float64(quantize(float32(x)))
		sum += float64(n) * d * d
	}
	return sum
}
