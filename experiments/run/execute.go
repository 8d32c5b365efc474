package run

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/weights"
)

// execute does the run in its folder, or what is left of it.
func (s *Sweep) execute(ctx context.Context, c Config, dir string) error {
	if err := writeJSON(filepath.Join(dir, ConfigFile), c); err != nil {
		return err
	}
	if err := writeJSON(filepath.Join(dir, EnvironmentFile), readEnvironment(s.Engine)); err != nil {
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
	if err := s.train(ctx, m, c, dir); err != nil {
		return err
	}
	if err := s.measure(ctx, m, c, dir); err != nil {
		return err
	}
	return s.score(ctx, m, before, dir)
}

// measure keeps what the run measures.
func (s *Sweep) measure(ctx context.Context, m *lpq.Model, c Config, dir string) error {
	if c.Measure == nil {
		return nil
	}
	value, err := s.Measures[c.Measure.Name](ctx, m, s.Sets, c)
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
		if err != nil {
			return nil, err
		}
		m.Provenance["weights"] = "run " + c.Start.Run
		return m, nil
	case c.Start.File != "":
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
func (s *Sweep) train(ctx context.Context, m *lpq.Model, c Config, dir string) error {
	if c.Recipe == nil {
		return m.Save(filepath.Join(dir, finetune.FinalFile))
	}
	log, err := newCurves(dir)
	if err != nil {
		return err
	}
	_, err = lpq.FineTune(ctx, m, s.Sets, finetune.Options{Recipe: *c.Recipe, Seed: c.Seed, Dir: dir, Resume: true, Observer: log.observer()})
	if closed := log.close(); err == nil {
		err = closed
	}
	return err
}

// score evaluates the network and writes what it found; the result comes last.
func (s *Sweep) score(ctx context.Context, m *lpq.Model, before *weights.File, dir string) error {
	evaluation, err := lpq.Evaluate(ctx, m, s.Sets.Test)
	if err != nil {
		return err
	}
	if err := writePredictions(dir, evaluation.Predictions, s.Sets.Test); err != nil {
		return err
	}
	after, err := m.File()
	if err != nil {
		return err
	}
	layers, err := analysis.Similarity(before, after)
	if err != nil {
		return err
	}
	sum, err := hashFile(filepath.Join(dir, finetune.FinalFile))
	if err != nil {
		return err
	}
	return writeJSON(filepath.Join(dir, ResultFile), Result{
		Scores: finetune.Scores{Images: evaluation.Images, Top1Pct: evaluation.Top1Pct(), Top5Pct: evaluation.Top5Pct(), Loss: evaluation.Loss()},
		Layers: layers, MeanCosine: analysis.MeanCosine(layers), SizeBytes: m.SizeBytes(), SHA256: sum,
	})
}
