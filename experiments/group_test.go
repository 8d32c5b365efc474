package experiments_test

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/internal/testruns"
)

const testImages = 100

// outcome is a finished run that was right on the first so many images.
func outcome(t *testing.T, label string, seed uint64, right int) run.Outcome {
	t.Helper()
	return testruns.Done(t, run.Config{Label: label, Network: "resnet8", Seed: seed}, testImages, right)
}

func TestCompare(t *testing.T) {
	for name, test := range map[string]struct {
		a, b     []int // right images, by seed
		mean, p  float64
		interval string
		verdict  string
	}{
		// McNemar: 10 images to none: 2/2^10.
		"one seed":  {[]int{80}, []int{90}, -10, 2. / 1024, "", "b is better than a by 10.00 points, p = 0.002 (one seed)"},
		"same":      {[]int{80}, []int{80}, 0, 1, "", "no significant difference: a - b = +0.00 points, p = 1.000 (one seed)"},
		"all alike": {[]int{80, 81, 82}, []int{89, 91, 93}, -10, 3 * 2. / 2048, "-12.48 to -7.52", "b is better than a by 10.00 points, p = 0.003"},
		// t(0.975, 1) = 12.706: two differences of 0 and -10 say nothing of the recipes.
		"seeds disagree": {[]int{80, 80}, []int{80, 90}, -5, 2 * 2. / 1024, "-68.53 to 58.53", "networks differ (McNemar), but 2 seeds do not tell whether a and b do: -5.00 points, p = 0.500"},
		// One image more with each of ten seeds: seeds tell, images do not.
		"images do not tell": {slices.Repeat([]int{80}, 10), slices.Repeat([]int{81}, 10), -1, 1, "-1.29 to -0.71",
			"b is better than a by 1.00 points, p < 0.001; McNemar's test does not tell the networks of one seed apart"},
		// One image more with each seed: no spread, but that of rounding to whole images, 2 / sqrt(24) points.
		"one image each": {[]int{80, 81}, []int{81, 82}, -1, 1, "-4.67 to 2.67", "no significant difference: a - b = -1.00 points, p = 0.179"},
	} {
		var outcomes []run.Outcome
		for i := range test.a {
			outcomes = append(outcomes, outcome(t, "a", uint64(i+1), test.a[i]), outcome(t, "b", uint64(i+1), test.b[i]))
		}
		groups := experiments.Groups(outcomes)
		d, err := experiments.Compare(experiments.Find(groups, "resnet8", "a"), experiments.Find(groups, "resnet8", "b"))
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(d.Mean-test.mean) > 1e-12 || math.Abs(float64(d.P)-test.p) > 1e-12 || d.Interval != test.interval || d.Verdict != test.verdict {
			t.Errorf("%s: got %+v, want %+v", name, *d, test)
		}
	}
}

// Where a seed has no partner, the comparison says so, and counts the pairs.
func TestCompareCountsPairs(t *testing.T) {
	groups := experiments.Groups([]run.Outcome{outcome(t, "a", 1, 80), outcome(t, "a", 2, 82), outcome(t, "a", 3, 82), outcome(t, "b", 1, 80), outcome(t, "b", 3, 81)})
	a, b := experiments.Find(groups, "resnet8", "a"), experiments.Find(groups, "resnet8", "b")
	for _, pair := range [][2]experiments.Group{{a, b}, {b, a}} {
		d, err := experiments.Compare(pair[0], pair[1])
		if err != nil {
			t.Fatal(err)
		}
		if d.Pairs != 2 || !strings.HasSuffix(d.Verdict, " (the 2 seeds that both have)") {
			t.Errorf("%s against %s: %d pairs, %q", pair[0].Label, pair[1].Label, d.Pairs, d.Verdict)
		}
	}
}

// While the second network of a sweep is under way, the figure has the first one whole.
func TestAccuracyBarsOfAnUnfinishedSweep(t *testing.T) {
	var outcomes []run.Outcome
	for _, place := range [][2]string{{"resnet8", experiments.BaselineLabel}, {"resnet8", "a"}, {"resnet20", experiments.BaselineLabel}} {
		o := outcome(t, place[1], 1, 80)
		o.Config.Network = place[0]
		outcomes = append(outcomes, o)
	}
	bars := []experiments.Bar{{Label: experiments.BaselineLabel, Name: "baseline"}, {Label: "a", Name: "first"}, {Label: "b", Name: "second"}}
	svg, err := experiments.AccuracyBars("", experiments.Groups(outcomes), bars).SVG()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"first": true, "second": false} {
		if got := bytes.Contains(svg, []byte(">"+text+"<")); got != want {
			t.Errorf("a bar %q: %v, want %v", text, got, want)
		}
	}
	if experiments.AccuracyBars("", nil, bars) != nil {
		t.Error("a figure without a baseline")
	}
}

// A baseline is one network, beside every seed of another; runs that are not done count for nothing.
func TestPairs(t *testing.T) {
	a := []run.Outcome{outcome(t, "a", 1, 80), outcome(t, "a", 2, 82), outcome(t, experiments.BaselineLabel, 1, 90), outcome(t, "b", 2, 70)}
	a = append(a, run.Outcome{Config: run.Config{Label: "b", Network: "resnet8", Seed: 1}, Status: run.Status{State: run.Failed}})
	groups := experiments.Groups(a)
	first := experiments.Find(groups, "resnet8", "a")
	for label, want := range map[string]int{experiments.BaselineLabel: 2, "b": 1, "missing": 0} {
		if got := len(first.Pairs(experiments.Find(groups, "resnet8", label))); got != want {
			t.Errorf("%s: %d pairs, want %d", label, got, want)
		}
	}
	if d, err := experiments.Compare(first, experiments.Group{}); d != nil || err != nil {
		t.Errorf("no pair: %v, %v", d, err)
	}
}

func ExampleTable() {
	t := experiments.Table{Name: "t", Caption: "Two networks:", Columns: []string{"network", "top1_pct", "loss"}, Shown: []string{"network", "top1_pct"}}
	t.Add("resnet20", experiments.Points(87.5), 1./3)
	t.Add("a|b", nil, 2.)
	text, err := t.CSV()
	fmt.Print(string(text), err, "\n", strings.TrimSpace(t.Markdown()))
	// Output:
	// network,top1_pct,loss
	// resnet20,87.50,0.333333
	// a|b,,2
	// <nil>
	// Two networks:
	//
	// | network | top-1 % |
	// | --- | --- |
	// | resnet20 | 87.50 |
	// | a\|b |  |
}

func ExampleReport_Show() {
	t := experiments.Table{Caption: "One seed:", Columns: []string{"network", "top1_pct", "top1_interval_pct"}}
	t.Shown = t.Columns
	t.Add("resnet20", experiments.Points(87.5), "")
	experiments.Report{Tables: []experiments.Table{t}, Notes: []string{"A note."}}.Show()
	// Output:
	// One seed:
	// network   top-1 %
	// --------  -------
	// resnet20    87.50
	// A note.
}
