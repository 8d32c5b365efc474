package analysis_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/lpq/analysis"
)

func ExampleMeanInterval() {
	interval, err := analysis.MeanInterval([]float64{91.2, 91.5, 91.9}) // accuracies of three seeds, percent
	fmt.Printf("%.2f (%.2f to %.2f), %d seeds, %v\n", interval.Mean, interval.Low, interval.High, interval.N, err)
	// Output: 91.53 (90.66 to 92.41), 3 seeds, <nil>
}

func ExamplePaired() {
	low, float := []float64{91.2, 91.5, 91.9}, []float64{91.0, 91.6, 91.4} // percent, one pair for each seed
	difference, err := analysis.Paired(low, float)
	fmt.Println(difference.Verdict("w8a8", "fp32"), err)
	// Output: no significant difference: w8a8 - fp32 = +0.20 points, p = 0.368 <nil>
}

func ExampleMcNemar() {
	labels := make([]int32, 1000) // all images show class 0
	float, low := make([]int32, 1000), make([]int32, 1000)
	for i := range 12 {
		float[i] = 1 // wrong only in float
	}
	for i := range 2 {
		low[500+i] = 1 // wrong only in low precision
	}
	pairs, err := analysis.McNemar(low, float, labels)
	fmt.Println(pairs.OnlyA, pairs.OnlyB, err)
	fmt.Println(pairs.Verdict("w8a8", "fp32"))
	// Output:
	// 12 2 <nil>
	// w8a8 is better than fp32 by 1.00 points, p = 0.013
}

// Values in whole images of 1,000: two that are equal may differ by up to an image.
func TestRounded(t *testing.T) {
	equal, err := analysis.MeanInterval([]float64{0.2, 0.2})
	if err != nil {
		t.Fatal(err)
	}
	if i := equal.Rounded(0.1); math.Abs(i.High-0.2-12.706204736432095*0.1/math.Sqrt(24)) > 1e-7 || math.Abs(0.2-i.Low-(i.High-0.2)) > 1e-12 || i.P() < 0.05 {
		t.Errorf("interval %g to %g, p = %g", i.Low, i.High, i.P())
	}
	wide, err := analysis.MeanInterval([]float64{0.2, 0.7})
	if err != nil {
		t.Fatal(err)
	}
	if got := wide.Rounded(0.1); math.Abs(got.Low-wide.Low) > 1e-12 || math.Abs(got.High-wide.High) > 1e-12 {
		t.Errorf("%+v became %+v", wide, got)
	}
}

func TestMeanInterval(t *testing.T) {
	for _, test := range []struct {
		name               string
		values             []float64
		mean, low, high, p float64
		tolerance          float64 // relative to the numbers' size
	}{
		// Student, The probable error of a mean, Biometrika 6 (1908), section VIII: hours of sleep gained. Interval and p as R prints
		// them, t.test(extra ~ group, data = sleep, paired = TRUE): 0.7001142 to 2.4598858, p = 0.002833.
		{"Student's sleep", []float64{1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, 0.8, 4.6, 1.4}, 1.58, 0.7001142, 2.4598858, 0.002833, 1e-6},
		// scipy 1.17.1: stats.t.interval(0.95, n-1, mean, stats.sem(v)), stats.ttest_1samp(v, 0).
		{"three seeds", []float64{91.2, 91.5, 91.9}, 91.53333333333333, 90.66093283981984, 92.40573382684686, 4.9067898898940274e-06, 1e-9},
		{"two seeds", []float64{1, 2}, 1.5, -4.853102368087347, 7.853102368087347, 0.20483276469913345, 1e-9},
		{"a large mean", []float64{1e8 + 1, 1e8 + 2, 1e8 + 4}, 100000002.33333333, 99999998.53875029, 100000006.12791637, 7.777777414814824e-17, 1e-14},
		{"no spread", []float64{3, 3, 3}, 3, 3, 3, 0, 0},
		{"zeros", []float64{0, 0}, 0, 0, 0, 1, 0},
	} {
		got, err := analysis.MeanInterval(test.values)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		within := func(got, want float64) bool { return math.Abs(got-want) <= test.tolerance*max(math.Abs(want), 1) }
		if got.N != len(test.values) || !within(got.Mean, test.mean) || !within(got.Low, test.low) || !within(got.High, test.high) || !within(got.P(), test.p) {
			t.Errorf("%s: %+v, p %v; want %v in %v..%v, p %v", test.name, got, got.P(), test.mean, test.low, test.high, test.p)
		}
	}
}

func TestPairedIsTheIntervalOfDifferences(t *testing.T) {
	// scipy 1.17.1: stats.t.interval of the differences, stats.ttest_rel(a, b).
	got, err := analysis.Paired([]float64{91.2, 91.5, 91.9}, []float64{91, 91.6, 91.4})
	want := analysis.Interval{Mean: 0.2, Low: -0.5452413135250891, High: 0.9452413135250948, N: 3}
	for _, d := range []float64{got.Mean - want.Mean, got.Low - want.Low, got.High - want.High, got.P() - 0.3675444679663151} {
		if err != nil || got.N != want.N || !(math.Abs(d) < 1e-9) {
			t.Fatalf("%+v, p %v, error %v; want %+v, p 0.36754", got, got.P(), err, want)
		}
	}
}

func TestStatisticsErrors(t *testing.T) {
	interval := func(values ...float64) error { _, err := analysis.MeanInterval(values); return err }
	mcnemar := func(a, b, labels []int32) error { _, err := analysis.McNemar(a, b, labels); return err }
	_, unpaired := analysis.Paired([]float64{1, 2}, []float64{1})
	one, two := []int32{1}, []int32{1, 2}
	for _, test := range []struct {
		name string
		err  error
		want string
	}{
		{"no values", interval(), "0 values; want two or more"},
		{"one value", interval(1), "1 values; want two or more"},
		{"NaN", interval(1, math.NaN()), "value 2 of 2 is NaN"},
		{"infinite", interval(math.Inf(-1), 1), "value 1 of 2 is -Inf"},
		{"unpaired", unpaired, "2 and 1 values"},
		{"a lacks images", mcnemar(one, two, two), "1 and 2 predictions for 2 labels"},
		{"b lacks images", mcnemar(two, one, two), "2 and 1 predictions for 2 labels"},
		{"no images", mcnemar(nil, nil, nil), "no images"},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) {
			t.Errorf("%s: error %v; want one with %q", test.name, test.err, test.want)
		}
	}
}

// predictions makes those of two networks of which only the first is right a times, only the second b times, both and neither so often.
func predictions(a, b, both, neither int) (first, second, labels []int32) {
	for _, part := range []struct {
		n             int
		first, second int32
	}{{a, 7, 1}, {b, 2, 7}, {both, 7, 7}, {neither, 3, 3}} {
		for range part.n {
			first, second, labels = append(first, part.first), append(second, part.second), append(labels, 7)
		}
	}
	return first, second, labels
}

func TestMcNemar(t *testing.T) {
	for _, test := range []struct {
		onlyA, onlyB int
		p            float64
	}{
		// p is min(1, 2*sum(comb(n, i) for i <= min(a, b)) / 2^n) in exact rational numbers (Python's fractions); statsmodels 0.15.0,
		// mcnemar(exact=True), agrees to 12 digits. The first: approval of the president, Agresti, Categorical Data Analysis (1990), p. 350.
		{86, 150, 3.715936139571442e-05},
		{0, 0, 1}, {1, 0, 1}, {5, 5, 1}, {4, 9, 0.266845703125}, {2, 12, 0.012939453125}, {12, 2, 0.012939453125},
		{0, 20, 1.9073486328125e-06}, {59, 6, 4.964650327128617e-12}, {300, 200, 8.940066542253267e-06}, {500, 560, 0.06990955946026933},
		{0, 400, 7.745183829698637e-121}, {0, 2000, 1e-300 /* 2^-1999 is 2e-602 */}, {5200, 5000, 0.04878796312682245},
	} {
		a, b, labels := predictions(test.onlyA, test.onlyB, 30, 10)
		got, err := analysis.McNemar(a, b, labels)
		if err != nil || got.OnlyA != test.onlyA || got.OnlyB != test.onlyB || got.Images != len(labels) {
			t.Errorf("%d against %d: %+v, error %v", test.onlyA, test.onlyB, got, err)
		}
		if !(math.Abs(got.P/test.p-1) < 1e-9) {
			t.Errorf("%d against %d: p %v, want %v", test.onlyA, test.onlyB, got.P, test.p)
		}
	}
}

func TestVerdict(t *testing.T) {
	for _, test := range []struct{ name, got, want string }{
		{"first better", analysis.MatchedPairs{OnlyA: 52, OnlyB: 0, Images: 10000, P: 4e-16}.Verdict("w4a4", "fp32"), "w4a4 is better than fp32 by 0.52 points, p < 0.001"},
		{"second better", analysis.MatchedPairs{OnlyA: 2, OnlyB: 12, Images: 1000, P: 0.0129}.Verdict("w4a4", "fp32"), "fp32 is better than w4a4 by 1.00 points, p = 0.013"},
		{"neither", analysis.MatchedPairs{OnlyA: 4, OnlyB: 9, Images: 1000, P: 0.2668}.Verdict("w4a4", "fp32"), "no significant difference: w4a4 - fp32 = -0.50 points, p = 0.267"},
		{"interval below zero", analysis.Interval{Mean: -1, Low: -1.5, High: -0.5, N: 4}.Verdict("w2a2", "fp32"), "fp32 is better than w2a2 by 1.00 points, p = 0.008"},
		{"interval with zero", analysis.Interval{Mean: -1, Low: -2.5, High: 0.5, N: 4}.Verdict("w2a2", "fp32"), "no significant difference: w2a2 - fp32 = -1.00 points, p = 0.124"},
	} {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", test.name, test.got, test.want)
		}
	}
}
