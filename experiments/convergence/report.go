package convergence

import (
	"fmt"
	"math"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/internal/number"
	"github.com/lowprec/lpnets/lpq/plot"
)

func report(outcomes []run.Outcome) (r experiments.Report, err error) {
	all, err := families(outcomes)
	if err != nil {
		return r, err
	}
	shown := levels(all)
	steps, counted, err := iterationTables(all, shown)
	if err != nil {
		return r, err
	}
	r.Tables = []experiments.Table{quantityTable(all), steps, counted}
	if r.Notes, err = notes(all, shown); err != nil {
		return r, err
	}
	r.Notes = append(r.Notes, experiments.FirstSeed(outcomes)...)
	for _, f := range all {
		if f.seed == 1 {
			figures, err := f.figures(shown)
			if err != nil {
				return r, err
			}
			r.Figures = append(r.Figures, figures...)
		}
	}
	return r, nil
}

// quantityTable has what goes into the bound.
func quantityTable(all []family) experiments.Table {
	t := experiments.Table{Name: "convergence", Caption: "What the bound is made of:",
		Columns: []string{"network", "start", "batch", "seed", "steps", "squared_distance", "solution_top1_pct", "squared_way", "variance_start", "variance_end", "smoothness", "window"}}
	t.Shown = t.Columns[:len(t.Columns)-1]
	for _, f := range all {
		for _, run := range f.runs {
			t.Add(f.network, run.start, run.batch, f.seed, len(run.steps), digits(run.distance), experiments.Points(run.solution), digits(run.moved), digits(run.varianceStart), digits(run.varianceEnd), digits(f.smoothness), f.window)
		}
	}
	return t
}

// digits is a measured quantity with as many digits as mean something; nothing where it was not measured.
func digits(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	return number.Short(x)
}

// iterationTables have the steps to each loss: to read, a row for each run, and for machines, with the bound, a row for each run and loss.
func iterationTables(all []family, levels []float64) (read, machine experiments.Table, err error) {
	read = experiments.Table{Name: "iterations", Columns: []string{"network", "start", "batch", "seed"}}
	read.Caption = "Steps until the training loss, as measured, and what the bound says of 1 nat:"
	for _, loss := range levels {
		read.Columns = append(read.Columns, fmt.Sprintf("to_%g_nats", loss))
	}
	read.Columns = append(read.Columns, "bound_to_1_nat")
	read.Shown = read.Columns
	machine = experiments.Table{Name: "levels", Columns: []string{"network", "start", "batch", "seed", "loss", "bound_iterations", "iterations", "reached", "steps"}}
	for _, f := range all {
		for _, t := range f.runs {
			row := []any{f.network, t.start, t.batch, f.seed}
			for _, loss := range levels {
				r := t.reach(loss)
				bound, err := t.bound(f.smoothness, loss)
				if err != nil {
					return read, machine, err
				}
				row = append(row, r)
				machine.Add(f.network, t.start, t.batch, f.seed, loss, digits(bound), r.iterations(), r.word(), len(t.steps))
			}
			bound, err := t.bound(f.smoothness, 1)
			if err != nil {
				return read, machine, err
			}
			read.Add(append(row, digits(bound))...)
		}
	}
	return read, machine, nil
}

// iterations is for machines: nothing where the loss was not reached.
func (r reach) iterations() any {
	if !r.reached {
		return nil
	}
	return r.steps
}

// word says what iterations means.
func (r reach) word() string {
	switch {
	case !r.reached:
		return "no"
	case !r.at:
		return "in the first window"
	}
	return "yes"
}

// notes say how to read the tables, and whether the bound's order was observed.
func notes(all []family, levels []float64) ([]string, error) {
	var starts, batches order
	for _, f := range all {
		if err := starts.count(f, levels, func(a, b trajectory) bool { return a.start != b.start && a.batch == b.batch }); err != nil {
			return nil, err
		}
		if err := batches.count(f, levels, func(a, b trajectory) bool { return a.start == b.start && a.batch != b.batch }); err != nil {
			return nil, err
		}
	}
	windows := ""
	for _, f := range all {
		if f.seed == all[0].seed {
			windows += fmt.Sprintf(" (%s: %d)", f.network, f.window)
		}
	}
	return []string{
		starts.verdict("the starts, at the same batch size and loss"),
		batches.verdict("batch sizes, from the same start and to the same loss"),
		"The squared distance is ||x0 - x*||² to the solution that long training reaches from the start: for the pretrained one that of 4-bit fine-tuning, for the random one that of fp32 training, so that the two are not of quite the same kind; the solution's accuracy, on the test images, says how much of a solution it is. The squared way is the same to where the run itself ended. Variances are of the 4-bit gradient of one " +
			"batch, all parameters together; smoothness is the largest curvature of the fp32 loss that was met. A loss counts as reached at the first step where the mean over so many steps" +
			windows + " is below it: ≤ in the first of these windows, in which a run from the pretrained start may begin below the loss and leave it again, > not within the run. Losses are on augmented images while the weights change.",
		fmt.Sprintf("The bound (sigma² + L·||x0 - x*||²)²/eps² is known up to a constant, and for a convex loss and plain SGD; here eps is the loss itself, above the least possible one of 0. All runs have the same "+
			"constant learning rate of %g, momentum, and 4 bits, with exponents of least squared error; the ranges of activations are those of the start.", rate),
	}, nil
}

// figures show the loss against the step, and the steps to each loss against the bound.
func (f family) figures(levels []float64) (figures []experiments.Figure, err error) {
	var losses, bounds []plot.Series
	for _, t := range f.runs {
		losses = append(losses, t.curve())
		s := plot.Series{Name: t.name()}
		for _, loss := range levels {
			r := t.reach(loss)
			if !r.reached {
				continue
			}
			bound, err := t.bound(f.smoothness, loss)
			if err != nil {
				return nil, err
			}
			s.X, s.Y = append(s.X, bound), append(s.Y, float64(r.steps))
		}
		if len(s.Y) > 0 {
			bounds = append(bounds, s)
		}
	}
	figures = []experiments.Figure{{Name: f.network + "-loss", Figure: plot.LogLogLines(fmt.Sprintf("%s, 4 bits, constant learning rate: training loss", f.network), "step",
		fmt.Sprintf("training loss, mean of %d steps (nats)", f.window), losses...)}}
	if len(bounds) > 0 {
		figures = append(figures, experiments.Figure{Name: f.network + "-bound", Figure: plot.LogLogLines(fmt.Sprintf("%s: steps to a training loss against the bound, a point for each loss", f.network),
			"bound (iterations, up to a constant)", fmt.Sprintf("steps measured (%d: that many or fewer)", f.window), bounds...)})
	}
	return figures, nil
}

// curve is the smoothed loss, at no more points than can be seen on a logarithmic axis.
func (t trajectory) curve() plot.Series {
	const perFactor = 1.02
	s := plot.Series{Name: t.name()}
	next := 0.
	for i, loss := range t.loss {
		if step := float64(i + t.window); step >= next || i == len(t.loss)-1 {
			s.X, s.Y, next = append(s.X, step), append(s.Y, loss), step*perFactor
		}
	}
	return s
}
