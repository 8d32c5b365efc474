package run

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/gomlx/compute"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/internal/atomicfile"
	"github.com/lowprec/lpnets/internal/folderlock"
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
	// Report, where set, is told when a run begins, ends, fails, or (once) has to wait for another process: its place among the runs, and its status.
	Report func(i int, status Status)

	began  time.Time
	failed map[string]bool // in this sweep, by ID
	waited map[int]bool    // what was reported as waiting
}

// turn is what came of a run's turn in a sweep.
type turn int

const (
	settled turn = iota // done, by this sweep or before, or failed in it
	waiting             // another process has it, or the run that it starts from
)

// pollEvery is how often a sweep looks whether another process has finished.
const pollEvery = time.Second

// Run does what is not done. A run that fails, also because its folder cannot be made or read, is recorded with its reason, those that start from it too,
// and the others go on; failed ones are tried again when the sweep is started again.
//
// It returns an error if ctx ends, with what the current run reached saved, or if a configuration is not valid. What became of the runs, Collect tells.
func (s *Sweep) Run(ctx context.Context) error {
	if err := s.validate(); err != nil {
		return err
	}
	s.began, s.failed, s.waited = time.Now(), map[string]bool{}, map[int]bool{}
	for {
		waits := false
		for i, c := range s.Runs {
			t, err := s.take(ctx, i)
			if interrupted(ctx, err) {
				return err
			}
			if err != nil {
				s.failed[c.ID()] = true
				s.report(i, Status{State: Failed, Reason: err.Error()})
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

// interrupted tells whether it is ctx that ended something.
func interrupted(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || errors.Is(err, finetune.ErrInterrupted))
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

// take gives a run its turn. It returns an error if ctx ends, or if what became of the run cannot be told or recorded.
func (s *Sweep) take(ctx context.Context, i int) (turn, error) {
	if err := ctx.Err(); err != nil {
		return settled, errors.Wrap(err, "between two runs")
	}
	c := s.Runs[i]
	dir := filepath.Join(s.Dir, c.ID())
	if s.failed[c.ID()] {
		return settled, nil
	}
	if status, err := readStatus(dir); err != nil || status.State == Done {
		return settled, err
	}
	if c.Start.Run != "" && !s.failed[c.Start.Run] {
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
	lock := folderlock.File(filepath.Join(dir, lockFile))
	mine, err := lock.TryLock()
	if err != nil {
		return settled, errors.Wrapf(err, "locking %s", dir)
	}
	defer func() { _ = lock.Close() }() // it was not written to
	if !mine {
		if !s.waited[i] {
			s.waited[i] = true
			s.report(i, Status{State: Waiting, Reason: "another process is working on it"})
		}
		return waiting, nil
	}
	return settled, s.do(ctx, i, dir)
}

// do does a run that is ours, unless another process has settled it meanwhile.
func (s *Sweep) do(ctx context.Context, i int, dir string) error {
	c := s.Runs[i]
	status, err := readStatus(dir)
	if err != nil || status.State == Done {
		return err
	}
	if status.State == Failed && status.Ended.After(s.began) {
		s.failed[c.ID()] = true
		return nil
	}
	if s.failed[c.Start.Run] {
		s.failed[c.ID()] = true
		if err := writeConfig(c, dir); err != nil {
			return err
		}
		_ = s.record(i, dir, Status{State: Failed, Reason: "the run it starts from failed: " + c.Start.Run, Ended: time.Now().UTC()}) // it was reported
		return nil
	}
	atomicfile.RemoveLeftovers(dir, "") // nobody else is writing now
	return s.attempt(ctx, i, dir, status)
}

// attempt does a run and records how it ends. It returns an error if ctx ends, or if that the run was done cannot be recorded.
func (s *Sweep) attempt(ctx context.Context, i int, dir string, status Status) error {
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
	switch {
	case interrupted(ctx, err):
		status.State = Interrupted
		_ = s.record(i, dir, status) // without it the run counts as interrupted too
		return err
	case err != nil:
		s.failed[s.Runs[i].ID()] = true
		status.State, status.Reason, status.Ended = Failed, err.Error(), time.Now().UTC()
		_ = s.record(i, dir, status) // where the disk is full this fails too, but it was reported
		return nil
	}
	status.State, status.Ended = Done, time.Now().UTC()
	return s.record(i, dir, status)
}

// writeConfig keeps what makes the folder that of a run.
func writeConfig(c Config, dir string) error {
	return writeJSON(filepath.Join(dir, ConfigFile), c.Portable())
}

// record keeps a status and reports it. What cannot be kept is not so, and is not reported, but for a failure.
func (s *Sweep) record(i int, dir string, status Status) error {
	err := writeJSON(filepath.Join(dir, StatusFile), status)
	if err == nil || status.State == Failed {
		s.report(i, status)
	}
	return err
}

func (s *Sweep) report(i int, status Status) {
	if s.Report != nil {
		s.Report(i, status)
	}
}
