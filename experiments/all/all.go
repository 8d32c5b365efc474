// Package all lists the experiments.
//
//	e, err := all.Get("table1")
package all

import (
	"strings"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/calibration"
	"github.com/lowprec/lpnets/experiments/convergence"
	gradientnoise "github.com/lowprec/lpnets/experiments/gradient_noise"
	"github.com/lowprec/lpnets/experiments/schedule"
	"github.com/lowprec/lpnets/experiments/sensitivity"
	"github.com/lowprec/lpnets/experiments/similarity"
	"github.com/lowprec/lpnets/experiments/table1"
)

// Experiments, in the order of the paper's claims.
func Experiments() []experiments.Experiment {
	return []experiments.Experiment{
		table1.Experiment, sensitivity.Experiment, similarity.Experiment, gradientnoise.Experiment, convergence.Experiment, calibration.Experiment, schedule.Experiment,
	}
}

// Get returns the experiment of that name, or an error that lists those there are.
func Get(name string) (experiments.Experiment, error) {
	var names []string
	for _, e := range Experiments() {
		if e.Name == name {
			return e, nil
		}
		names = append(names, e.Name)
	}
	return experiments.Experiment{}, errors.Errorf("no experiment %q; there are %s", name, strings.Join(names, ", "))
}
