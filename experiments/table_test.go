package experiments_test

import (
	"testing"

	"github.com/lowprec/lpnets/experiments"
)

func TestCell(t *testing.T) {
	for want, value := range map[string]any{
		"": nil, "87.80": experiments.Points(87.8), "+0.70": experiments.Signed(0.7), "-0.10": experiments.Signed(-0.1), "0.998166": experiments.Cosine(0.998166),
		"0.0201": experiments.P(0.02009), "9.98e-14": experiments.P(9.98e-14), "< 1e-300": experiments.P(1e-300), "1": experiments.P(1), "w4a4": "w4a4", "20": 20,
	} {
		if got := experiments.Cell(value); got != want {
			t.Errorf("%T %v is written %q, want %q", value, value, got, want)
		}
	}
}
