package experiments

import (
	"context"
	"fmt"

	"github.com/gomlx/compute"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/notebook"
)

// Watch is Run for a notebook's cell: it shows how many runs are done, the one at work with its progress and loss, and what each that ends gave.
//
// It returns an error if ctx ends (what was reached is kept: watch again to go on) and, unlike Run, also if a run failed, after the others are done.
func (p *Plan) Watch(ctx context.Context, engine compute.Backend, dir string) error {
	outcomes, err := run.Collect(dir, p.Runs)
	if err != nil {
		return err
	}
	total := len(p.Runs)
	done := total - len(failures(outcomes))
	progress := notebook.NewProgress(fmt.Sprintf("%s, preset %s", p.Experiment, p.Options.Preset))
	defer progress.Close()
	progress.Update(done, total, "")
	err = p.Run(progress.Context(ctx), engine, dir, func(i int, status run.Status) {
		c := p.Runs[i]
		switch status.State {
		case run.Running:
			progress.Update(done, total, fmt.Sprintf("%s %s, seed %d", c.Network, c.Label, c.Seed))
			progress.Flush() // the run's own progress is shown below
		case run.Waiting:
			progress.Log(fmt.Sprintf("%s %s, seed %d: %s", c.Network, c.Label, c.Seed, status.Reason))
		case run.Done:
			done++
			progress.Log(fmt.Sprintf("%s %s, seed %d: %s", c.Network, c.Label, c.Seed, p.gave(dir, c, status)))
		case run.Failed:
			progress.Log(fmt.Sprintf("%s %s, seed %d failed: %s", c.Network, c.Label, c.Seed, status.Reason))
		}
	})
	if err != nil {
		return errors.WithMessagef(err, "experiment %s is not done, run it again to go on", p.Experiment)
	}
	if outcomes, err = run.Collect(dir, p.Runs); err != nil {
		return err
	}
	failed := failures(outcomes)
	progress.Update(total-len(failed), total, "")
	if len(failed) > 0 {
		return errors.Errorf("%d of %d runs failed, the first: %s", len(failed), total, failed[0])
	}
	return nil
}

// gave is what a finished run ended with, in words.
func (p *Plan) gave(dir string, c run.Config, status run.Status) string {
	outcomes, err := run.Collect(dir, []run.Config{c})
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("top-1 %.2f %%, %.0f s", outcomes[0].Result.Top1Pct, status.Seconds)
}
