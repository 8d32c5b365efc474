package analysis

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// confidence of the intervals.
const confidence = 0.95

// Wilson is the 95 % confidence interval of a share of which hits of n trials were seen (Wilson, 1927), as fractions. Unlike the usual
// plus-minus it stays within 0 and 1. n must be positive.
func Wilson(hits, n int) (lo, hi float64) {
	z := distuv.UnitNormal.Quantile((1 + confidence) / 2)
	p, m := float64(hits)/float64(n), float64(n)
	centre := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return max(centre-half, 0), min(centre+half, 1)
}
