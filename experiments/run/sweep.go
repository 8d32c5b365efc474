package run

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/gomlx/compute"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/internal/atomicfile"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/finetune"
)

// Sweep is runs that are done one after the other. Where one starts from another's weights, that one comes first.
type Sweep struct {
	Dir    string // with a folder for each run; several sweeps, in several processes, may share it
	Runs   []Config
	Engine compute.Backend
	Sets   lpq.Sets // of all runs
	// Measures are what runs may measure, by name.
	Measures map[string]Measure
	// Report, where set, is told when a run begins, ends or fails: its place among the runs, and its status.
	Report func(i int, status Status)
}

// turn is what came of a run's turn in a sweep.
type turn int

const (
	settled turn = iota // done, by this sweep or before, or failed in it
	waiting             // another process has it, or the run that it starts from
)

// pollEvery is how often a sweep looks whether another process has finished.
const pollEvery = time.Second

// Run does what is not done. A run that fails is recorded with its reason, those that start from it too, and the others go on; failed ones are tried
// again when the sweep is started again.
//
// It returns an error if ctx ends, with what the current run reached saved, or if a configuration is not valid or a folder cannot be made.
// What became of the runs, Collect tells.
func (s *Sweep) Run(ctx context.Context) error {
	if err := s.validate(); err != nil {
		return err
	}
	failed := map[string]bool{} // in this sweep, by ID
	for {
		waits := false
		for i := range s.Runs {
			t, err := s.take(ctx, i, failed)
			if err != nil {
				return err
			}
			waits = waits || t == waiting
		}
		if !waits {
			return nil
		}
		if err := sleep(ctx, pollEvery); err != nil {
			return err
		}
	}
}

// validate returns an error for a configuration that cannot be run. A run that starts from another must find it among the runs: nobody else would do it.
func (s *Sweep) validate() error {
	ids := map[string]bool{}
	for _, c := range s.Runs {
		if err := c.Validate(); err != nil {
			return err
		}
		if c.Start.Run != "" && !ids[c.Start.Run] {
			return errors.Errorf("run %s starts from %s, which is not among the runs before it", c.ID(), c.Start.Run)
		}
		if c.Measure != nil && s.Measures[c.Measure.Name] == nil {
			return errors.Errorf("run %s measures %q, which nobody can", c.ID(), c.Measure.Name)
		}
		ids[c.ID()] = true
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return errors.Wrap(ctx.Err(), "waiting for another process")
	case <-time.After(d):
		return nil
	}
}

// take gives a run its turn.
func (s *Sweep) take(ctx context.Context, i int, failed map[string]bool) (turn, error) {
	if err := ctx.Err(); err != nil {
		return settled, errors.Wrap(err, "between two runs")
	}
	c := s.Runs[i]
	dir := filepath.Join(s.Dir, c.ID())
	if status, err := readStatus(dir); err != nil || status.State == Done || failed[c.ID()] {
		return settled, err
	}
	if c.Start.Run != "" && !failed[c.Start.Run] {
		start, err := readStatus(filepath.Join(s.Dir, c.Start.Run))
		if err != nil {
			return settled, err
		}
		if start.State != Done {
			return waiting, nil // and no folder: the run has not begun
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return settled, errors.Wrap(err, "folder of a run")
	}
	lock := flock.New(filepath.Join(dir, lockFile))
	mine, err := lock.TryLock()
	if err != nil {
		return settled, errors.Wrapf(err, "locking %s", dir)
	}
	defer func() { _ = lock.Close() }() // it was not written to
	if !mine {
		return waiting, nil
	}
	status, err := readStatus(dir) // another process may have done it meanwhile
	if err != nil || status.State == Done {
		return settled, err
	}
	if failed[c.Start.Run] {
		failed[c.ID()] = true
		if err := writeConfig(c, dir); err != nil {
			return settled, err
		}
		return settled, s.record(i, dir, Status{State: Failed, Reason: "the run it starts from failed: " + c.Start.Run})
	}
	atomicfile.RemoveLeftovers(dir, "") // the run is ours: nobody is writing now
	status, err = s.attempt(ctx, i, dir, status)
	failed[c.ID()] = status.State == Failed
	return settled, err
}

// attempt does a run that is ours and records how it ends.
func (s *Sweep) attempt(ctx context.Context, i int, dir string, status Status) (Status, error) {
	began := time.Now()
	if status.Started.IsZero() {
		status.Started = began.UTC()
	}
	status.State, status.Reason, status.Ended = Running, "", time.Time{}
	err := s.record(i, dir, status)
	if err == nil {
		err = s.execute(ctx, s.Runs[i], dir)
	}
	status.Seconds += time.Since(began).Seconds()
	status.Ended = time.Now().UTC()
	interrupted := err != nil && (ctx.Err() != nil || errors.Is(err, finetune.ErrInterrupted))
	switch {
	case interrupted:
		status.State, status.Ended = Interrupted, time.Time{}
	case err != nil:
		status.State, status.Reason = Failed, err.Error()
	default:
		status.State = Done
	}
	recorded := s.record(i, dir, status)
	switch {
	case interrupted:
		return status, err
	case status.State == Failed:
		return status, nil // where the disk is full the record fails too: the sweep was told
	}
	return status, recorded
}

// writeConfig keeps what makes the folder that of a run.
func writeConfig(c Config, dir string) error {
	return writeJSON(filepath.Join(dir, ConfigFile), c.Portable())
}

// record keeps a status, and reports it also where it cannot be kept.
func (s *Sweep) record(i int, dir string, status Status) error {
	err := writeJSON(filepath.Join(dir, StatusFile), status)
	if s.Report != nil {
		s.Report(i, status)
	}
	return err
}
