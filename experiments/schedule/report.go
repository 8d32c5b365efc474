package schedule

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/plot"
)

// measured is the repeats of a kind of run, at its place on an axis.
type measured struct {
	at float64
	experiments.Group
}

// on are the runs of a series with one network, from left to right.
func (s series) on(groups []experiments.Group, network string) (runs []measured) {
	for _, g := range groups {
		if g.Network == network && s.has(g.Label) {
			runs = append(runs, measured{s.axis.value(*g.Runs[0].Config.Recipe), g})
		}
	}
	slices.SortFunc(runs, func(a, b measured) int { return cmp.Compare(a.at, b.at) })
	return runs
}

func report(outcomes []run.Outcome) (r experiments.Report, err error) {
	table := experiments.Table{Name: "schedule", Caption: "One setting of the recipe changed at a time, means over seeds:",
		Columns: []string{"network", "precision", "changed", "seeds", "epochs", "batch", "lr", "lr_end", "updates", "validation_top1_pct", "top1_pct", "top1_interval_pct", "test_loss_nats", "mean_cosine"}}
	table.Shown = table.Columns
	groups := experiments.Groups(outcomes)
	for _, b := range experiments.Baselines(groups) {
		table.Add(append(append([]any{b.Network, "fp32", "baseline", len(b.Runs), nil, nil, nil, nil, nil}, scores(b)...), nil)...)
		for _, s := range all {
			for _, g := range s.on(groups, b.Network) {
				recipe, images := g.Runs[0].Config.Recipe, g.Runs[0].Config.Data.Train
				row := []any{b.Network, s.precision, s.axis.name, len(g.Runs), recipe.Epochs, recipe.Batch, recipe.Rate.Start, recipe.Rate.Last(), recipe.Epochs * (images / min(recipe.Batch, images))}
				table.Add(append(append(row, scores(g.Group)...), experiments.Cosine(g.Mean(func(r run.Result) float64 { return r.MeanCosine })))...)
			}
		}
		r.Figures = append(r.Figures, figures(groups, b)...)
	}
	r.Tables = []experiments.Table{table}
	r.Notes = []string{"Validation images are a tenth of the training images, held out of every run here, the baseline's too; where the baseline is far better " +
		"on them than on the test images, the network as published was trained on them, and they favour what stays close to it. In 4 bits exponents are those of least squared error. At another batch size the number of updates stays, as near as whole epochs allow, and the learning rate is the same function of them; lr is the rate at the start, lr end that at the end. " +
		"The mean cosine is to the baseline. Intervals are 95 % t intervals over seeds."}
	return r, nil
}

// scores are the accuracies and the loss of a row.
func scores(g experiments.Group) []any {
	return []any{experiments.Points(g.Mean(validation)), experiments.Points(g.Mean(experiments.Top1)), g.AccuracyInterval(),
		g.Mean(func(r run.Result) float64 { return r.Loss })}
}

// validation is a run's accuracy on the validation images, which every run here has, in percent.
func validation(r run.Result) float64 { return r.Validation.Top1Pct }

// figures draw the mean accuracy over seeds along each axis, with the baseline's as level lines.
func figures(groups []experiments.Group, baseline experiments.Group) (figures []experiments.Figure) {
	network := baseline.Network
	for _, a := range axes {
		var curves []plot.Series
		var places []float64
		for _, s := range all {
			runs := s.on(groups, network)
			if s.axis.label != a.label || len(runs) < 2 {
				continue
			}
			judged, tested := plot.Series{Name: s.precision + ", validation"}, plot.Series{Name: s.precision + ", test"}
			for _, g := range runs {
				places = append(places, g.at)
				judged.X, judged.Y = append(judged.X, g.at), append(judged.Y, g.Mean(validation))
				tested.X, tested.Y = append(tested.X, g.at), append(tested.Y, g.Mean(experiments.Top1))
			}
			curves = append(curves, judged, tested)
		}
		if len(curves) == 0 {
			continue
		}
		var levels []plot.Series // first, so that they have the same colours in all figures
		for _, level := range []struct {
			name string
			y    float64
		}{{"fp32 baseline, validation", baseline.Mean(validation)}, {"fp32 baseline, test", baseline.Mean(experiments.Top1)}} {
			levels = append(levels, plot.Series{Name: level.name, X: []float64{slices.Min(places), slices.Max(places)}, Y: []float64{level.y, level.y}})
		}
		figure := a.draw(fmt.Sprintf("%s: accuracy against %s", network, a.name), a.xLabel, "top-1 (%)", append(levels, curves...)...)
		figures = append(figures, experiments.Figure{Name: network + "-" + a.label, Figure: figure})
	}
	return figures
}
