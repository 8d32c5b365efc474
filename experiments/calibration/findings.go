package calibration

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/calib"
	"github.com/lowprec/lpnets/lpq/quant"
)

// findings say, for each precision, which choice is best by the numbers, how the others stand to it, and what re-estimation does.
func (m measured) findings() (sentences []string, err error) {
	for _, precision := range precisions {
		all := m.chosen(precision, quant.RuleMax, false)
		if len(all) == 0 {
			continue
		}
		best, err := m.best(all)
		if err != nil {
			return nil, err
		}
		again, err := m.reestimation(precision)
		if err != nil {
			return nil, err
		}
		top := highest(m.of(precision, func(p Point) bool { return p.Shift == 0 }))
		statistics := "statistics as they were"
		if top.Reestimated {
			statistics = "statistics re-estimated"
		}
		sentences = append(sentences, fmt.Sprintf("%s in %s, not fine-tuned, seed %d. With weights by the maximum: %s%s The highest accuracy of all, %.2f %%, has weights by %s, activations by %s, %s.",
			m.Config.Network, precision, m.Config.Seed, best, again, top.Top1Pct, top.Weights, nameOf(top.Activations), statistics))
	}
	return sentences, nil
}

// best names the best of some points and compares it with the default and with the maximum.
func (m measured) best(all []Point) (text string, err error) {
	best := highest(all)
	text = fmt.Sprintf("%s is the best choice for the activations (%.2f %%).", nameOf(best.Activations), best.Top1Pct)
	for _, p := range all {
		if p.Activations != standard && p.Activations != maximum || p.Activations == best.Activations {
			continue
		}
		pairs, err := mcNemar(best, p, m.Result.Images)
		if err != nil {
			return "", err
		}
		pairs.P = analysis.Bonferroni(pairs.P, len(all)-1) // the best was picked from all
		text += fmt.Sprintf(" Against %s (%.2f %%): %s.", nameOf(p.Activations), p.Top1Pct, pairs.Verdict(nameOf(best.Activations), nameOf(p.Activations)))
	}
	return text, nil
}

// reestimation says what it does to the default choice, nothing where that was not measured.
func (m measured) reestimation(precision string) (string, error) {
	isStandard := func(p Point) bool { return p.Activations == standard }
	before, after := m.chosen(precision, quant.RuleMax, false), m.chosen(precision, quant.RuleMax, true)
	i, j := slices.IndexFunc(before, isStandard), slices.IndexFunc(after, isStandard)
	if i < 0 || j < 0 {
		return "", nil
	}
	pairs, err := mcNemar(after[j], before[i], m.Result.Images)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(" Re-estimated batch-norm statistics take %s from %.2f to %.2f %%: %s.",
		nameOf(standard), before[i].Top1Pct, after[j].Top1Pct, pairs.Verdict("re-estimated", "as they were")), nil
}

// highest is the first of the points with the highest accuracy.
func highest(points []Point) Point {
	return slices.MaxFunc(points, func(a, b Point) int { return cmp.Compare(a.Top1Pct, b.Top1Pct) })
}

// claim sets a network's fine-tuned variants of the percentile and of the maximum against what the paper says of calibration.
func claim(groups []experiments.Group, network string) (sentences []string, err error) {
	calibrated, uncalibrated := experiments.Find(groups, network, labelOf(standard)), experiments.Find(groups, network, labelOf(maximum))
	d, err := experiments.Compare(calibrated, uncalibrated)
	if err != nil || d == nil {
		return nil, err
	}
	text := fmt.Sprintf("%s, fine-tuned to 4 bits. In the paper, a network without calibration of its activations is about 0.6 points worse (recalled; ResNet-18 on ImageNet). "+
		"Here, with the maximum in its place: %s, %s.", network, d.Verdict, judgement(d, calibrated, uncalibrated))
	best, done := calibrated, []experiments.Group(nil)
	for _, v := range variants {
		g := experiments.Find(groups, network, v.label)
		if len(g.Runs) != len(calibrated.Runs) {
			continue // not done, or of fewer seeds: means over other seeds are no ranking
		}
		if done = append(done, g); g.Mean(experiments.Top1) > best.Mean(experiments.Top1) {
			best = g
		}
	}
	var names []string // of those that are as good
	for _, g := range done {
		if g.Mean(experiments.Top1) == best.Mean(experiments.Top1) {
			names = append(names, g.Label)
		}
	}
	verb := "has"
	if len(names) > 1 {
		verb = "have"
	}
	text += fmt.Sprintf(" %s %s the highest accuracy, %.2f %%", strings.Join(names, " and "), verb, best.Mean(experiments.Top1))
	if best.Label != calibrated.Label {
		if d, err = experiments.Compare(best, calibrated); err != nil {
			return nil, err
		}
		if d != nil { // they have a seed in common
			others := len(done) - 1
			text += fmt.Sprintf("; against %s: %s; picked from %d: McNemar p times %d is %s", calibrated.Label, d.Verdict, len(done), others,
				experiments.Cell(experiments.P(analysis.Bonferroni(float64(d.P), others))))
		}
	}
	return []string{text + "."}, nil
}

// judgement says whether the networks differ as the paper's do. A verdict begins with the better one's label, if it says that one is better.
func judgement(d *experiments.Difference, calibrated, uncalibrated experiments.Group) string {
	switch {
	case strings.HasPrefix(d.Verdict, calibrated.Label+" is better"):
		return "as in the paper"
	case strings.HasPrefix(d.Verdict, uncalibrated.Label+" is better"):
		return "which contradicts the paper"
	}
	return "so what the paper says is not seen here"
}

// labelOf is that of the fine-tuned network with that choice, weights by the maximum.
func labelOf(choice calib.Choice) string {
	return variants[slices.IndexFunc(variants, func(v variant) bool { return v.activations == choice && v.weights == quant.RuleMax })].label
}
