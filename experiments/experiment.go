package experiments

import (
	"strings"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/plot"
)

// Experiment is a claim of the paper with what it takes to see it.
type Experiment struct {
	Name  string // of its folder and on the command line
	Title string
	Claim string // the paper's, in short
	// Presets are the sizes in which it can be run.
	Presets []Preset
	// Plan lists the runs, each after those it starts from.
	Plan func(Material) []run.Config
	// Measures are what its runs measure beside accuracy, by name; nil: nothing.
	Measures map[string]run.Measure
	// Report makes tables and figures of the runs that are done; others are passed over.
	Report func([]run.Outcome) (Report, error)
}

// Report is what an experiment found.
type Report struct {
	Tables  []Table
	Figures []Figure
	Notes   []string // sentences to read with the tables
}

// Figure is a drawing and the name of its files, without extension.
type Figure struct {
	Name   string
	Figure *plot.Figure
}

// Preset returns the preset of that name, or an error that lists those there are.
func (e Experiment) Preset(name string) (Preset, error) {
	var names []string
	for _, p := range e.Presets {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Preset{}, errors.Errorf("experiment %s has no preset %q; it has %s", e.Name, name, strings.Join(names, ", "))
}
