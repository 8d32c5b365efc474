package experiments

import (
	"fmt"
	"math"
	"slices"

	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/analysis"
)

// Group is the repeats of one kind of run: a network and a label, with several seeds.
type Group struct {
	Network, Label string
	Runs           []run.Outcome // done, in the order of the plan, that of seeds
}

// Groups sorts what is done by network and label, in the order of the plan.
func Groups(outcomes []run.Outcome) (groups []Group) {
	place := map[[2]string]int{}
	for _, o := range outcomes {
		if o.Status.State != run.Done {
			continue
		}
		key := [2]string{o.Config.Network, o.Config.Label}
		i, ok := place[key]
		if !ok {
			i = len(groups)
			place[key] = i
			groups = append(groups, Group{Network: key[0], Label: key[1]})
		}
		groups[i].Runs = append(groups[i].Runs, o)
	}
	return groups
}

// Baselines are the groups that Material.Baseline's runs make: one for each network.
func Baselines(groups []Group) (baselines []Group) {
	for _, g := range groups {
		if g.Label == BaselineLabel {
			baselines = append(baselines, g)
		}
	}
	return baselines
}

// FirstSeed is the note for figures that show one repeat; empty where there are no others.
func FirstSeed(outcomes []run.Outcome) (notes []string) {
	if slices.ContainsFunc(Groups(outcomes), func(g Group) bool { return len(g.Runs) > 1 }) {
		return []string{"The figures show the first seed."}
	}
	return nil
}

// Find returns the group of a network and label; one without runs if there is none.
func Find(groups []Group, network, label string) Group {
	for _, g := range groups {
		if g.Network == network && g.Label == label {
			return g
		}
	}
	return Group{Network: network, Label: label}
}

// Values are a figure of every repeat.
func (g Group) Values(of func(run.Result) float64) []float64 {
	values := make([]float64, len(g.Runs))
	for i, o := range g.Runs {
		values[i] = of(o.Result)
	}
	return values
}

// Mean of a figure over the repeats.
func (g Group) Mean(of func(run.Result) float64) (mean float64) {
	for _, v := range g.Values(of) {
		mean += v / float64(len(g.Runs))
	}
	return mean
}

// Top1 is a run's accuracy in percent, for Values and Mean.
func Top1(r run.Result) float64 { return r.Top1Pct }

// accuracy is the t interval of the accuracies; an error for a single one.
func (g Group) accuracy() (analysis.Interval, error) {
	i, err := analysis.MeanInterval(g.Values(Top1))
	if err != nil {
		return i, err
	}
	return i.Rounded(imagePct(g.Runs[0])), nil
}

// AccuracyInterval is the t interval of the accuracies as "87.10 to 87.90", and nothing for a single one.
func (g Group) AccuracyInterval() string {
	i, err := g.accuracy()
	if err != nil {
		return "" // too few
	}
	return intervalText(i)
}

func intervalText(i analysis.Interval) string { return fmt.Sprintf("%.2f to %.2f", i.Low, i.High) }

// imagePct is what one test image counts, in percentage points.
func imagePct(o run.Outcome) float64 { return 100 / float64(max(1, o.Result.Images)) }

// Pairs are the repeats of two groups with the same seed, the runs of b beside those of g. A group of one run, a baseline, is beside every seed.
func (g Group) Pairs(b Group) (pairs [][2]run.Outcome) {
	for _, x := range g.Runs {
		for _, y := range b.Runs {
			if x.Config.Seed == y.Config.Seed || b.Label == BaselineLabel {
				pairs = append(pairs, [2]run.Outcome{x, y})
			}
		}
	}
	return pairs
}

// Difference is how the accuracies of paired runs differ, in percentage points.
type Difference struct {
	Mean     float64
	Pairs    int
	Interval string // of the mean, over seeds; empty for a single pair
	// P is the exact McNemar test's, on the predictions of the two networks of a seed: the smallest of all seeds, times their number (Bonferroni).
	P P
	// Verdict is in words: the t test's over seeds, McNemar's where there is one seed, which is about the two networks alone; where they disagree it says so.
	Verdict string
}

// Compare compares two groups by their paired runs. It returns nil if there is no pair.
func Compare(a, b Group) (*Difference, error) {
	pairs := a.Pairs(b)
	if len(pairs) == 0 {
		return nil, nil
	}
	d := &Difference{P: 1, Pairs: len(pairs)}
	var as, bs []float64
	for _, pair := range pairs {
		x, y := pair[0].Result.Top1Pct, pair[1].Result.Top1Pct
		as, bs = append(as, x), append(bs, y)
		d.Mean += (x - y) / float64(len(pairs))
		m, err := McNemar(pair[0], pair[1])
		if err != nil {
			return nil, err
		}
		d.P = min(d.P, P(analysis.Bonferroni(m.P, len(pairs))))
		d.Verdict = m.Verdict(a.Label, b.Label)
	}
	if len(pairs) == 1 {
		d.Verdict += " (one seed)"
		return d, nil
	}
	over, err := analysis.Paired(as, bs)
	if err != nil {
		return nil, err
	}
	over = over.Rounded(math.Sqrt2 * imagePct(pairs[0][0]))
	d.Interval = intervalText(over)
	d.Verdict = over.Verdict(a.Label, b.Label)
	if over.P() >= significant && d.P < significant {
		d.Verdict = fmt.Sprintf("networks differ (McNemar), but %d seeds do not tell whether %s and %s do: %+.2f points, p = %.3f", len(pairs), a.Label, b.Label, d.Mean, over.P())
	}
	if over.P() < significant && d.P >= significant {
		d.Verdict += "; McNemar's test does not tell the networks of one seed apart"
	}
	if len(pairs) < len(a.Runs) || b.Label != BaselineLabel && len(pairs) < len(b.Runs) {
		d.Verdict += fmt.Sprintf(" (the %d seeds that both have)", len(pairs))
	}
	return d, nil
}

// significant is the level of the tests.
const significant = 0.05

// McNemar is the exact test on the predictions of two runs.
func McNemar(a, b run.Outcome) (analysis.MatchedPairs, error) {
	pa, err := a.Predictions()
	if err != nil {
		return analysis.MatchedPairs{}, err
	}
	pb, err := b.Predictions()
	if err != nil {
		return analysis.MatchedPairs{}, err
	}
	return analysis.McNemar(pa.Guesses, pb.Guesses, pa.Labels)
}
