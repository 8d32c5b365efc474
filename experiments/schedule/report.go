package schedule

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/plot"
)

// measured is a finished run at its place on an axis.
type measured struct {
	at float64
	run.Outcome
}

// on are the runs of a series with one network and seed, from left to right.
func (s series) on(outcomes []run.Outcome, network string, seed uint64) (runs []measured) {
	for _, o := range outcomes {
		c := o.Config
		if o.Status.State == run.Done && c.Network == network && c.Seed == seed && s.has(c.Label) {
			runs = append(runs, measured{s.axis.value(*c.Recipe), o})
		}
	}
	slices.SortFunc(runs, func(a, b measured) int { return cmp.Compare(a.at, b.at) })
	return runs
}

func report(outcomes []run.Outcome) (r experiments.Report, err error) {
	table := experiments.Table{Name: "schedule", Caption: "One setting of the recipe changed at a time:",
		Columns: []string{"network", "precision", "changed", "seed", "epochs", "batch", "lr", "lr_end", "updates", "validation_top1_pct", "top1_pct", "test_loss_nats", "mean_cosine"}}
	table.Shown = table.Columns
	for _, b := range experiments.Baselines(experiments.Groups(outcomes)) {
		baseline := b.Runs[0]
		table.Add(b.Network, "fp32", "baseline", baseline.Config.Seed, nil, nil, nil, nil, nil,
			experiments.Points(baseline.Result.Validation.Top1Pct), experiments.Points(baseline.Result.Top1Pct), baseline.Result.Loss, nil)
		for _, s := range all {
			for _, seed := range seeds(outcomes) {
				for _, o := range s.on(outcomes, b.Network, seed) {
					recipe := o.Config.Recipe
					table.Add(b.Network, s.precision, s.axis.name, seed, recipe.Epochs, recipe.Batch, recipe.Rate.Start, recipe.Rate.Last(), recipe.Epochs*(o.Config.Data.Train/min(recipe.Batch, o.Config.Data.Train)),
						experiments.Points(o.Result.Validation.Top1Pct), experiments.Points(o.Result.Top1Pct), o.Result.Loss, experiments.Cosine(o.Result.MeanCosine))
				}
			}
		}
		r.Figures = append(r.Figures, figures(outcomes, baseline)...)
	}
	r.Tables = []experiments.Table{table}
	r.Notes = []string{"Validation images are a tenth of the training images, held out of every run here, the baseline's too; where the baseline is far better " +
		"on them than on the test images, the network as published was trained on them, and they favour what stays close to it. In 4 bits exponents are those of least squared error. At another batch size the number of updates stays, as near as whole epochs allow, and the learning rate is the same function of them; lr is the rate at the start, lr end that at the end. " +
		"The mean cosine is to the baseline."}
	r.Notes = append(r.Notes, experiments.FirstSeed(outcomes)...)
	return r, nil
}

// seeds of the runs beside the baseline, in order.
func seeds(outcomes []run.Outcome) (found []uint64) {
	for _, o := range outcomes {
		if o.Config.Label != experiments.BaselineLabel && !slices.Contains(found, o.Config.Seed) {
			found = append(found, o.Config.Seed)
		}
	}
	return found
}

// figures draw the first seed's accuracy along each axis, with the baseline's as level lines.
func figures(outcomes []run.Outcome, baseline run.Outcome) (figures []experiments.Figure) {
	network := baseline.Config.Network
	for _, a := range axes {
		var curves []plot.Series
		var places []float64
		for _, s := range all {
			runs := s.on(outcomes, network, 1)
			if s.axis.label != a.label || len(runs) < 2 {
				continue
			}
			validation, test := plot.Series{Name: s.precision + ", validation"}, plot.Series{Name: s.precision + ", test"}
			for _, o := range runs {
				places = append(places, o.at)
				validation.X, validation.Y = append(validation.X, o.at), append(validation.Y, o.Result.Validation.Top1Pct)
				test.X, test.Y = append(test.X, o.at), append(test.Y, o.Result.Top1Pct)
			}
			curves = append(curves, validation, test)
		}
		if len(curves) == 0 {
			continue
		}
		var levels []plot.Series // first, so that they have the same colours in all figures
		for _, level := range []struct {
			name string
			y    float64
		}{{"fp32 baseline, validation", baseline.Result.Validation.Top1Pct}, {"fp32 baseline, test", baseline.Result.Top1Pct}} {
			levels = append(levels, plot.Series{Name: level.name, X: []float64{slices.Min(places), slices.Max(places)}, Y: []float64{level.y, level.y}})
		}
		figure := a.draw(fmt.Sprintf("%s: accuracy against %s", network, a.name), a.xLabel, "top-1 (%)", append(levels, curves...)...)
		figures = append(figures, experiments.Figure{Name: network + "-" + a.label, Figure: figure})
	}
	return figures
}
