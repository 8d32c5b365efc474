package report

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/plot"
)

func named(label, network string, seed uint64, start, mark string) *Run {
	r := &Run{mark: mark}
	r.Config = run.Config{Label: label, Network: network, Seed: seed, Start: run.Start{Run: start}}
	r.Status.State, r.Result.Images = run.Done, 10
	return r
}

func TestKinds(t *testing.T) {
	const baseline, other = "resnet8-baseline-s1-00000001", "resnet8-baseline-s1-00000002"
	for name, test := range map[string]struct {
		runs []*Run
		want []string // names of the runs, kind by kind
	}{
		"seeds": {[]*Run{named("a", "n", 1, baseline, "x"), named("b", "n", 1, baseline, "y"), named("a", "n", 2, baseline, "z")},
			[]string{"a, seed 1", "a, seed 2", "b"}},
		"two starts": {[]*Run{named("a", "n", 1, baseline, "x"), named("a", "n", 1, other, "y"), named("a", "n", 2, other, "z")},
			[]string{"a (x)", "a (y), seed 1", "a (y), seed 2"}},
		"each its own start": {[]*Run{named("a", "n", 1, "n-scratch-s1-00000001", "x"), named("a", "n", 2, "n-scratch-s2-00000002", "y")},
			[]string{"a, seed 1", "a, seed 2"}},
		"networks":       {[]*Run{named("a", "n", 1, "", "x"), named("a", "m", 2, "", "y")}, []string{"n a", "m a"}},
		"the same twice": {[]*Run{named("a", "n", 1, "", "x"), named("a", "n", 1, "", "x")}, []string{"a (x)", "a (x) #2"}},
	} {
		var got []string
		for _, k := range kindsOf(test.runs) {
			for _, r := range k.runs {
				got = append(got, r.Name)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A baseline is beside each seed once, whatever it is called, and on either side.
func TestBeside(t *testing.T) {
	for name, baselines := range map[string][]*Run{
		"one": {named(experiments.BaselineLabel, "n", 1, "", "x")},
		"two": {named(experiments.BaselineLabel, "n", 1, "", "x"), named(experiments.BaselineLabel, "n", 1, "", "y")},
	} {
		kinds := kindsOf(append(baselines, named("a", "n", 1, "s", ""), named("a", "n", 2, "s", ""), named("a", "n", 3, "s", "")))
		baseline, a := kinds[0], kinds[len(kinds)-1]
		for _, pair := range [][2]*kind{{a, baseline}, {baseline, a}} {
			if x, y := beside(pair[0], pair[1]); len(x.Pairs(y)) != 3 {
				t.Errorf("%s: %s beside %s: %d pairs, want 3", name, pair[0].name, pair[1].name, len(x.Pairs(y)))
			}
		}
	}
}

func history(losses ...float64) (h finetune.History) {
	for i, loss := range losses {
		h = append(h, finetune.EpochMetrics{Epoch: i + 1, Train: &finetune.Scores{Loss: loss}})
	}
	return h
}

func TestCurve(t *testing.T) {
	loss := func(e finetune.EpochMetrics) (float64, bool) {
		if e.Train == nil {
			return 0, false
		}
		return e.Train.Loss, true
	}
	for name, test := range map[string]struct {
		repeats []finetune.History
		want    plot.Series
	}{
		"none":         {nil, plot.Series{Name: "a"}},
		"one":          {[]finetune.History{history(3, 1)}, plot.Series{Name: "a", X: []float64{1, 2}, Y: []float64{3, 1}}},
		"two":          {[]finetune.History{history(3, 1), history(5)}, plot.Series{Name: "a", X: []float64{1, 2}, Y: []float64{4, 1}, Low: []float64{3, 1}, High: []float64{5, 1}}},
		"without that": {[]finetune.History{{{Epoch: 1}}}, plot.Series{Name: "a"}},
	} {
		if diff := cmp.Diff(test.want, curve("a", test.repeats, loss)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Runs that go back to random weights, directly or through another run, are drawn apart.
func TestCurveSets(t *testing.T) {
	random, file := named("random", "n", 1, "", "x"), named("file", "n", 1, "", "x")
	file.Config.Start.File = "n.th"
	trained := func(label, start string) *Run {
		r := named(label, "n", 1, start, label)
		r.Config.Recipe = &finetune.Recipe{}
		return r
	}
	runs := []*Run{random, file, trained("far", random.Config.ID()), trained("near", file.Config.ID()), trained("elsewhere", "n-other-s1-00000001"), trained("scratch", "")}
	many := slices.Clone(runs)
	for _, label := range []string{"p", "q", "r", "s", "t"} {
		many = append(many, trained(label, file.Config.ID()))
	}
	for name, test := range map[string]struct {
		runs []*Run
		want []string
	}{
		"none":  {runs[:2], []string{""}},
		"near":  {[]*Run{runs[1], runs[3]}, []string{"near"}},
		"few":   {runs, []string{"far near elsewhere scratch", "near elsewhere"}},
		"many":  {many, []string{"near elsewhere p q r s t", "far scratch"}},
		"alone": {runs[5:], []string{"scratch"}},
	} {
		r := &Report{Runs: test.runs, kinds: kindsOf(test.runs)}
		var got []string
		for _, set := range r.curveSets() {
			var names []string
			for _, k := range set.kinds {
				names = append(names, k.name)
			}
			got = append(got, strings.Join(names, " "))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestCount(t *testing.T) {
	var got []string
	for _, n := range []int{0, 999, 1000, 1234567} {
		got = append(got, count(n))
	}
	if want := []string{"0", "999", "1,000", "1,234,567"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWithoutEmpty(t *testing.T) {
	table := &table{Columns: columns("a", "b#", "c~"), Rows: [][]cell{cells("", "", "x"), cells("", nil, "")}}
	got := table.withoutEmpty()
	if want := columns("a", "c~"); !slices.Equal(got.Columns, want) || len(got.Rows[0]) != 2 || got.Rows[0][1].Text != "x" {
		t.Errorf("got %+v", got)
	}
}
