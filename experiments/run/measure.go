package run

import (
	"context"

	"github.com/lowprec/lpnets/lpq"
)

// Measurement is what a run measures of its final network, beside accuracy: gradient noise for instance.
type Measurement struct {
	Name     string             `json:"name"`
	Settings map[string]float64 `json:"settings,omitempty"`
}

// Measure measures a network, and returns what is kept as JSON: it must depend on its arguments alone. It must leave the model as
// it was: accuracy is evaluated after it.
type Measure func(ctx context.Context, m *lpq.Model, sets lpq.Sets, c Config) (any, error)
