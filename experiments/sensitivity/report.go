package sensitivity

import (
	"fmt"
	"strings"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/plot"
)

// report has the table, with the paper's effects beside ours, and a figure of the differences.
func report(outcomes []run.Outcome) (r experiments.Report, err error) {
	table := experiments.Table{Name: "sensitivity", Caption: "One factor changed at a time; differences to the base, in percentage points:",
		Columns: []string{"network", "label", "changed", "epochs", "batch", "seeds", "top1_pct", "top1_interval_pct", "diff_pct", "diff_interval_pct", "mcnemar_p", "paper", "verdict"}}
	table.Shown = []string{"network", "changed", "epochs", "batch", "seeds", "top1_pct", "diff_pct", "diff_interval_pct", "mcnemar_p", "paper", "verdict"}
	groups := experiments.Groups(aligned(outcomes))
	for _, b := range experiments.Baselines(groups) {
		table.Add(b.Network, b.Label, "fp32 baseline, the start where no other is named", nil, nil, len(b.Runs), experiments.Points(b.Mean(experiments.Top1)), nil, nil, nil, nil, nil, nil)
		base := experiments.Find(groups, b.Network, baseLabel)
		var effects []effect
		for _, f := range factors {
			g := experiments.Find(groups, b.Network, f.label)
			if len(g.Runs) == 0 {
				continue
			}
			recipe := g.Runs[0].Config.Recipe
			row := []any{b.Network, f.label, f.changed, recipe.Epochs, recipe.Batch, len(g.Runs), experiments.Points(g.Mean(experiments.Top1)), g.AccuracyInterval()}
			var d *experiments.Difference
			if f.label != baseLabel {
				d, err = experiments.Compare(g, base)
			}
			if err != nil {
				return r, err
			}
			if d == nil { // the base itself, or it is not done
				table.Add(append(row, nil, nil, nil, f.paper, nil)...)
				continue
			}
			table.Add(append(row, experiments.Signed(d.Mean), d.Interval, d.P, f.paper, d.Verdict)...)
			effects = append(effects, effect{f.label, d.Mean})
		}
		if drawing := figure(b.Network, effects); drawing != nil {
			r.Figures = append(r.Figures, experiments.Figure{Name: b.Network, Figure: drawing})
		}
	}
	r.Tables = []experiments.Table{table}
	r.Notes = []string{"The paper's effects are those on ResNet-18 and ImageNet; recalled means from memory, not checked in the paper again. The random start has no more epochs than the others, " +
		"which is far fewer than training from a random start takes. Differences are paired by seed; McNemar's p is the smallest of all seeds times their number, and not corrected for the " +
		"number of rows: among nine factors that do nothing, one p below 0.05 is no surprise. Of one seed, a verdict is about two networks, not about their recipes."}
	return r, nil
}

// aligned gives random starts the seeds of the runs that they are compared with.
func aligned(outcomes []run.Outcome) []run.Outcome {
	aligned := make([]run.Outcome, len(outcomes))
	for i, o := range outcomes {
		if o.Config.Seed > experiments.RandomSeed {
			o.Config.Seed -= experiments.RandomSeed
		}
		aligned[i] = o
	}
	return aligned
}

// effect is how far a factor moves the accuracy, in percentage points.
type effect struct {
	label string
	diff  float64
}

// figure leaves out factors that would dwarf the others, and says so in its title; nil where no other is done.
func figure(network string, effects []effect) *plot.Figure {
	const dwarfs = 10. // points
	var labels, left []string
	var bars plot.Series
	for _, e := range effects {
		if e.diff < -dwarfs {
			left = append(left, fmt.Sprintf("%s %.0f", e.label, e.diff))
			continue
		}
		labels, bars.Y = append(labels, e.label), append(bars.Y, e.diff)
	}
	if len(labels) == 0 {
		return nil
	}
	title := fmt.Sprintf("%s: what a factor changes of the 4-bit accuracy", network)
	if len(left) > 0 {
		title += fmt.Sprintf(" (not drawn: %s)", strings.Join(left, ", "))
	}
	return plot.Bars(title, "difference to the base (percentage points)", labels, bars)
}
