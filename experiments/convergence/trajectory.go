package convergence

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/analysis"
)

// family is the runs of one network and seed.
type family struct {
	network string
	seed    uint64
	runs    []trajectory
	// smoothness is the largest curvature that was met: L.
	smoothness float64
	// window is the number of steps that a loss is the mean of, the same for all runs: a quarter of the shortest.
	window int
}

// trajectory is a run with what the bound says of it.
type trajectory struct {
	start    string
	batch    int
	steps    []run.Step
	distance float64 // ||x0 - x*||^2: how far the solution's run came, for it has the same start
	solution float64 // accuracy of x* on the test images, percent
	moved    float64 // the same, from the start to where the run ended
	// Variances of a batch's gradient, at the start and at the run's end.
	varianceStart, varianceEnd float64
	loss                       []float64 // mean of the steps i+1 to i+window
	window                     int
}

func (t trajectory) name() string { return fmt.Sprintf("%s, batch %d", t.start, t.batch) }

// bound is what is known of the run, for a training error.
func (t trajectory) bound(smoothness, epsilon float64) (float64, error) {
	return analysis.Bound{Variance: max(t.varianceStart, t.varianceEnd), Smoothness: smoothness, SquaredDistance: t.distance, Epsilon: epsilon}.Iterations()
}

// place is where a run stands in a plan.
type place struct {
	network, label string
	seed           uint64
}

// families reads what is done, in the order of the plan. A start that was not measured, or whose solution is not reached yet, is passed over with its runs.
func families(outcomes []run.Outcome) (all []family, err error) {
	done := map[place]run.Outcome{}
	for _, o := range outcomes {
		if o.Status.State == run.Done {
			done[place{o.Config.Network, o.Config.Label, o.Config.Seed}] = o
		}
	}
	for _, o := range outcomes {
		if o.Config.Label != pretrained.startLabel() {
			continue // one for each network and seed
		}
		f := family{network: o.Config.Network, seed: o.Config.Seed}
		for _, s := range starts {
			if err := f.add(s, outcomes, done); err != nil {
				return nil, err
			}
		}
		if f.smooth(); len(f.runs) > 0 {
			all = append(all, f)
		}
	}
	return all, nil
}

// add adds the runs from a start.
func (f *family) add(s start, outcomes []run.Outcome, done map[place]run.Outcome) error {
	seed := s.seed + f.seed
	began, measured := done[place{f.network, s.startLabel(), seed}]
	solution, solved := done[place{f.network, s.solution, seed}]
	if !measured || !solved {
		return nil
	}
	before, err := f.measuredOf(began)
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		c := o.Config
		if o.Status.State != run.Done || c.Network != f.network || c.Seed != seed || !strings.HasPrefix(c.Label, s.prefix()) {
			continue
		}
		t := trajectory{start: s.name, batch: c.Recipe.Batch, distance: solution.Result.SquaredDistance,
			moved: o.Result.SquaredDistance, solution: solution.Result.Top1Pct}
		after, err := f.measuredOf(o)
		if err != nil {
			return err
		}
		t.varianceStart, t.varianceEnd = before.variance(t.batch), after.variance(t.batch)
		if t.steps, err = o.Steps(); err != nil {
			return err
		}
		f.runs = append(f.runs, t)
	}
	return nil
}

// measuredOf reads what a run measured, and keeps the curvature.
func (f *family) measuredOf(o run.Outcome) (m measured, err error) {
	if err = o.Measured(&m); err == nil && m.Curvature != nil {
		f.smoothness = max(f.smoothness, math.Abs(m.Curvature.Value))
	}
	return m, err
}

// variance is that at a batch size, NaN where it was not measured.
func (m measured) variance(batch int) float64 {
	i := slices.IndexFunc(m.Variances, func(v variance) bool { return v.Batch == batch })
	if i < 0 {
		return math.NaN()
	}
	return m.Variances[i].Variance
}

// smooth finds the window, and the losses over it.
func (f *family) smooth() {
	if len(f.runs) == 0 {
		return
	}
	shortest := slices.MinFunc(f.runs, func(a, b trajectory) int { return cmp.Compare(len(a.steps), len(b.steps)) })
	f.window = max(len(shortest.steps)/4, 1)
	for i := range f.runs {
		t := &f.runs[i]
		t.window = f.window
		var sum float64
		for k, s := range t.steps {
			sum += s.Loss
			if k >= f.window {
				sum -= t.steps[k-f.window].Loss
			}
			if k+1 >= f.window {
				t.loss = append(t.loss, sum/float64(f.window))
			}
		}
	}
}
