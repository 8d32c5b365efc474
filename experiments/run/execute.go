package run

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/internal/filesum"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/weights"
)

// execute does the run in its folder, or what is left of it.
func (s *Sweep) execute(ctx context.Context, c Config, dir string) error {
	if err := writeConfig(c, dir); err != nil {
		return err
	}
	if err := readEnvironment(s.Engine).record(dir); err != nil {
		return err
	}
	m, err := s.start(c)
	if err != nil {
		return err
	}
	before, err := m.File()
	if err != nil {
		return err
	}
	sets := c.Data.parts(s.Sets)
	if err := train(ctx, m, sets, c, dir); err != nil {
		return err
	}
	if err := s.measure(ctx, m, sets, c, dir); err != nil {
		return err
	}
	return score(ctx, m, sets, before, dir)
}

// measure keeps what the run measures.
func (s *Sweep) measure(ctx context.Context, m *lpq.Model, sets lpq.Sets, c Config, dir string) error {
	if c.Measure == nil {
		return nil
	}
	value, err := s.Measures[c.Measure.Name](ctx, m, sets, c)
	if err != nil {
		return errors.WithMessagef(err, "measuring %s", c.Measure.Name)
	}
	return writeJSON(filepath.Join(dir, MeasuredFile), value)
}

// start makes the network with the weights to begin with. Their provenance says what they are, not where they lie, for it is kept in checkpoints.
func (s *Sweep) start(c Config) (*lpq.Model, error) {
	switch {
	case c.Start.Run != "":
		m, err := lpq.LoadModel(s.Engine, c.Network, filepath.Join(s.Dir, c.Start.Run, finetune.FinalFile))
		if errors.Is(err, os.ErrNotExist) {
			return nil, errors.WithMessagef(err, "run %s is done, but its weights were not kept; remove its folder, and it is done again", c.Start.Run)
		}
		if err != nil {
			return nil, err
		}
		m.Provenance["weights"] = "run " + c.Start.Run
		return m, nil
	case c.Start.File != "":
		now, err := FromFile(c.Start.File)
		if err != nil {
			return nil, err
		}
		if now.SHA256 != c.Start.SHA256 {
			return nil, errors.Errorf("weights %s have changed since the sweep was planned: their sha256 is %s, it was %s", c.Start.File, now.SHA256, c.Start.SHA256)
		}
		m, err := lpq.LoadModel(s.Engine, c.Network, c.Start.File)
		if err != nil {
			return nil, err
		}
		m.Provenance["weights"] = fmt.Sprintf("%s, sha256 %s", filepath.Base(c.Start.File), c.Start.SHA256)
		return m, nil
	}
	network, err := models.Get(c.Network)
	if err != nil {
		return nil, err
	}
	m, err := models.New(s.Engine, network, int64(c.Seed))
	if err != nil {
		return nil, err
	}
	m.Provenance["weights"] = fmt.Sprintf("random, seed %d", c.Seed)
	return m, nil
}

// train leaves the final network in the folder.
func train(ctx context.Context, m *lpq.Model, sets lpq.Sets, c Config, dir string) error {
	if c.Recipe == nil {
		return m.Save(filepath.Join(dir, finetune.FinalFile))
	}
	log, err := newCurves(dir)
	if err != nil {
		return err
	}
	options := finetune.Options{Recipe: *c.Recipe, Seed: c.Seed, DataSHA256: c.Data.SHA256, Dir: dir, Resume: true, Observer: log.observer(), Check: log.check}
	history, err := lpq.FineTune(ctx, m, sets, options)
	if err == nil {
		log.finish(history)
	}
	if closed := log.close(); err == nil {
		err = closed
	}
	if errors.Is(err, finetune.ErrOtherRun) { // the folder's name says all but the start's bits
		return errors.Errorf("its start was made again with other bits since it was begun; remove %s, and the run is done anew", dir)
	}
	return err
}

// score evaluates the network and writes what it found; the result comes last.
func score(ctx context.Context, m *lpq.Model, sets lpq.Sets, before *weights.File, dir string) error {
	test, err := lpq.Evaluate(ctx, m, sets.Test)
	if err != nil {
		return err
	}
	if err := writePredictions(dir, test.Predictions, sets.Test); err != nil {
		return err
	}
	result := Result{Scores: scores(test), SizeBytes: m.SizeBytes()}
	if sets.Validation != nil {
		validation, err := lpq.Evaluate(ctx, m, sets.Validation)
		if err != nil {
			return err
		}
		s := scores(validation)
		result.Validation = &s
	}
	after, err := m.File()
	if err != nil {
		return err
	}
	if result.Layers, err = analysis.Similarity(before, after); err != nil {
		return err
	}
	result.MeanCosine = analysis.MeanCosine(result.Layers)
	if result.SquaredDistance, err = analysis.SquaredDistance(before, after); err != nil {
		return err
	}
	if result.SHA256, err = filesum.SHA256(filepath.Join(dir, finetune.FinalFile)); err != nil {
		return err
	}
	return writeJSON(filepath.Join(dir, ResultFile), result)
}

func scores(e models.Result) finetune.Scores {
	return finetune.Scores{Images: e.Images, Top1Pct: e.Top1Pct(), Top5Pct: e.Top5Pct(), Loss: e.Loss()}
}
