package analysis

import (
	"fmt"
	"math"

	"github.com/pkg/errors"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Interval is a mean of repeats, for instance of one accuracy per seed, with its 95 % confidence interval.
type Interval struct {
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	N    int     `json:"n"` // number of repeats
}

// MeanInterval is the t interval (Student, 1908) of the mean of values: mean ± t(0.975, n-1) * s / sqrt(n), s with divisor n-1.
//
// It holds for values that are independent and roughly normal. It returns an error for fewer than two values, which say nothing about
// their spread, or a value that is not finite.
func MeanInterval(values []float64) (Interval, error) {
	n := len(values)
	if n < 2 {
		return Interval{}, errors.Errorf("confidence interval: %d values; want two or more, one of each seed", n)
	}
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return Interval{}, errors.Errorf("confidence interval: value %d of %d is %v; want finite numbers", i+1, n, v)
		}
	}
	mean, deviation := stat.MeanStdDev(values, nil)
	half := halfWidth(deviation, n)
	return Interval{Mean: mean, Low: mean - half, High: mean + half, N: n}, nil
}

// Paired is MeanInterval of the differences a[i] - b[i] of repeats that belong together, for instance two networks trained with one seed:
// what both share drops out. It returns an error if a and b differ in length.
func Paired(a, b []float64) (Interval, error) {
	if len(a) != len(b) {
		return Interval{}, errors.Errorf("paired confidence interval: %d and %d values; want one pair for each seed", len(a), len(b))
	}
	differences := make([]float64, len(a))
	for i := range a {
		differences[i] = a[i] - b[i]
	}
	return MeanInterval(differences)
}

// Rounded is the interval of values that were rounded to multiples of step, as accuracies are to whole images: the deviation of the values counts as no
// less than that of their rounding, step / sqrt(12). Repeats that happen to be equal do not make it a point.
func (i Interval) Rounded(step float64) Interval {
	half := max((i.High-i.Low)/2, halfWidth(step/math.Sqrt(12), i.N))
	i.Low, i.High = i.Mean-half, i.Mean+half
	return i
}

// P is the two-sided p-value of a t test that the true mean is zero: below 0.05 where the interval leaves zero out.
func (i Interval) P() float64 {
	half := (i.High - i.Low) / 2
	if half == 0 { // repeats without any spread
		if i.Mean == 0 {
			return 1
		}
		return 0
	}
	t := i.Mean / half * quantileT(i.N)
	return 2 * studentT(i.N).CDF(-math.Abs(t))
}

// Verdict is what an interval from Paired, in percentage points, says of the two networks, in a sentence.
func (i Interval) Verdict(nameA, nameB string) string { return verdict(nameA, nameB, i.Mean, i.P()) }

// studentT is the t distribution for n repeats.
func studentT(n int) distuv.StudentsT { return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(n - 1)} }

// halfWidth is that of the interval of n repeats with a standard deviation.
func halfWidth(deviation float64, n int) float64 {
	return quantileT(n) * deviation / math.Sqrt(float64(n))
}

func quantileT(n int) float64 { return studentT(n).Quantile((1 + confidence) / 2) }

// MatchedPairs compares what two networks said of the same images.
type MatchedPairs struct {
	OnlyA  int     `json:"only_a"` // images that only the first network got right
	OnlyB  int     `json:"only_b"` // images that only the second one got right
	Images int     `json:"images"`
	P      float64 `json:"p"` // that a fair coin splits OnlyA + OnlyB so unevenly, or more; LeastP for what is below
}

// McNemar is the exact test (two-sided, binomial) of McNemar, "Note on the sampling error of the difference between correlated
// proportions", Psychometrika 12 (1947), for the predictions of two networks on one test set. It asks whether the networks differ on
// images like these; it says nothing of how much another training seed would change them.
//
// It returns an error if there are no images, or predictions and labels differ in number.
func McNemar(a, b, labels []int32) (MatchedPairs, error) {
	if len(a) != len(labels) || len(b) != len(labels) {
		return MatchedPairs{}, errors.Errorf("McNemar test: %d and %d predictions for %d labels; want one of each network for every image",
			len(a), len(b), len(labels))
	}
	if len(labels) == 0 {
		return MatchedPairs{}, errors.New("McNemar test: no images")
	}
	m := MatchedPairs{Images: len(labels)}
	for i, label := range labels {
		switch {
		case a[i] == label && b[i] != label:
			m.OnlyA++
		case a[i] != label && b[i] == label:
			m.OnlyB++
		}
	}
	m.P = evenSplit(m.OnlyA, m.OnlyB)
	return m, nil
}

// LeastP stands for every p below it: float64 has little there, and no p is zero.
const LeastP = 1e-300

// evenSplit is the chance that n = a + b throws of a fair coin fall as unevenly as a to b, or more: min(1, 2 * P(X <= min(a, b))), no less than LeastP.
func evenSplit(a, b int) float64 {
	if a == b { // both tails overlap; also none thrown
		return 1
	}
	return max(LeastP, min(2*distuv.Binomial{N: float64(a + b), P: 0.5}.CDF(float64(min(a, b))), 1))
}

// Bonferroni is the p-value of a test that is the best of so many, or was picked from them: p times their number, 1 at most. LeastP stays what it stands for.
func Bonferroni(p float64, tests int) float64 {
	if p <= LeastP {
		return p
	}
	return min(1, p*float64(tests))
}

// Points is the accuracy of the first network minus that of the second, in percentage points.
func (m MatchedPairs) Points() float64 {
	return 100 * float64(m.OnlyA-m.OnlyB) / float64(max(m.Images, 1))
}

// Verdict is what the test says of the two networks, in a sentence.
func (m MatchedPairs) Verdict(nameA, nameB string) string {
	return verdict(nameA, nameB, m.Points(), m.P)
}

// verdict words a difference a - b in percentage points.
func verdict(nameA, nameB string, points, p float64) string {
	if p >= 1-confidence {
		return fmt.Sprintf("no significant difference: %s - %s = %+.2f points, %s", nameA, nameB, points, pValue(p))
	}
	if points < 0 {
		nameA, nameB = nameB, nameA
	}
	return fmt.Sprintf("%s is better than %s by %.2f points, %s", nameA, nameB, math.Abs(points), pValue(p))
}

func pValue(p float64) string {
	if p < 0.001 {
		return "p < 0.001"
	}
	return fmt.Sprintf("p = %.3f", p)
}
