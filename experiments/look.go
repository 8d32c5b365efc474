package experiments

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/finetune"
)

// Folders are those, in dir, of the runs with these labels: of each label the first one's that was planned. Unknown labels are an error that lists
// those there are.
func (p *Plan) Folders(dir string, labels ...string) (folders []string, err error) {
	for _, label := range labels {
		c, err := p.labelled(label)
		if err != nil {
			return nil, err
		}
		folders = append(folders, filepath.Join(dir, c.ID()))
	}
	return folders, nil
}

// Files are the weight files that the runs with these labels, as Folders has them, end with.
func (p *Plan) Files(dir string, labels ...string) ([]string, error) {
	files, err := p.Folders(dir, labels...)
	for i := range files {
		files[i] = filepath.Join(files[i], finetune.FinalFile)
	}
	return files, err
}

// Model reads the network that the run with this label, as Folders has it, ended with.
func (p *Plan) Model(engine compute.Backend, dir, label string) (*lpq.Model, error) {
	c, err := p.labelled(label)
	if err != nil {
		return nil, err
	}
	m, err := lpq.LoadModel(engine, c.Network, filepath.Join(dir, c.ID(), finetune.FinalFile))
	return m, errors.WithMessagef(err, "run %s, which is to be done first", c.ID())
}

// labelled is the first run with a label.
func (p *Plan) labelled(label string) (run.Config, error) {
	var labels []string
	for _, c := range p.Runs {
		if c.Label == label {
			return c, nil
		}
		if !slices.Contains(labels, c.Label) {
			labels = append(labels, c.Label)
		}
	}
	return run.Config{}, errors.Errorf("experiment %s has no run %q; it has %s", p.Experiment, label, strings.Join(labels, ", "))
}
