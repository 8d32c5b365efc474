package lpq

import (
	"slices"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/plot"
)

// PredictionFigure shows what several networks, or one in several precisions, say of one picture: bars for the probabilities of the first one's best classes, and of
// the others' first choices. names are the networks'.
func PredictionFigure(title string, names []string, predictions []Prediction) (*plot.Figure, error) {
	if len(predictions) == 0 || len(names) != len(predictions) {
		return nil, errors.Errorf("figure %q: %d names for %d predictions", title, len(names), len(predictions))
	}
	shown := slices.Clone(predictions[0].Best)
	for _, p := range predictions[1:] {
		if len(p.Logits) != len(predictions[0].Logits) || len(p.Best) == 0 {
			return nil, errors.Errorf("figure %q: networks of %d and %d classes, and %d guesses", title, len(predictions[0].Logits), len(p.Logits), len(p.Best))
		}
		if first := p.Best[0]; !slices.ContainsFunc(shown, func(g Guess) bool { return g.Class == first.Class }) {
			shown = append(shown, first)
		}
	}
	var labels []string
	for _, guess := range shown {
		labels = append(labels, guess.Label)
	}
	var series []plot.Series
	for i, p := range predictions {
		s, probability := plot.Series{Name: names[i]}, softmax(p.Logits)
		for _, guess := range shown {
			s.Y = append(s.Y, 100*probability[guess.Class])
		}
		series = append(series, s)
	}
	return plot.Bars(title, "probability, %", labels, series...), nil
}

// Agreement says of how many images two evaluations of the same set have the same best guess.
func Agreement(a, b models.Result) (same int, err error) {
	if len(a.Predictions) != len(b.Predictions) {
		return 0, errors.Errorf("comparing evaluations of %d and of %d images", len(a.Predictions), len(b.Predictions))
	}
	for i, class := range a.Predictions {
		if class == b.Predictions[i] {
			same++
		}
	}
	return same, nil
}
