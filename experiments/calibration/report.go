package calibration

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/models"
)

// measured is a run with its points.
type measured struct {
	run.Outcome
	points []Point
}

func report(outcomes []run.Outcome) (r experiments.Report, err error) {
	runs, err := readMeasured(outcomes)
	if err != nil {
		return r, err
	}
	groups := experiments.Groups(outcomes)
	faq, err := faqTable(groups)
	if err != nil {
		return r, err
	}
	r.Tables = []experiments.Table{ptqTable(runs), rangeTable(runs), faq}
	r.Notes = []string{howToRead(runs)}
	for _, m := range runs {
		if m.Config.Seed != 1 {
			continue
		}
		found, err := m.findings()
		if err != nil {
			return r, err
		}
		r.Notes = append(r.Notes, found...)
		r.Figures = append(r.Figures, m.figures()...)
	}
	for _, b := range experiments.Baselines(groups) {
		found, err := claim(groups, b.Network)
		if err != nil {
			return r, err
		}
		r.Notes = append(r.Notes, found...)
	}
	if figure := faqFigure(groups); figure != nil {
		r.Figures = append(r.Figures, experiments.Figure{Name: "faq", Figure: figure})
	}
	return r, nil
}

// readMeasured reads the points of the runs that have some.
func readMeasured(outcomes []run.Outcome) (runs []measured, err error) {
	for _, o := range outcomes {
		if o.Status.State != run.Done || o.Config.Measure == nil {
			continue
		}
		m := measured{Outcome: o}
		if err := o.Measured(&m.points); err != nil {
			return nil, err
		}
		runs = append(runs, m)
	}
	return runs, nil
}

// howToRead says what the tables' numbers are of. All runs of an experiment measure with the same settings.
func howToRead(runs []measured) string {
	text := fmt.Sprintf("Ranges are found on %d batches of training images, augmented, drawn by the run's seed. Exponents are whole numbers, so neighbouring percentiles "+
		"often end with the same ones, and then with the same network. The relative range is the activations' range over that of the maximum, geometric mean over activations; the figure has it in octaves, each a doubling. Of one seed, a verdict is about two networks, not about how such networks are made.",
		models.DefaultCalibrationBatches)
	if len(runs) == 0 {
		return text
	}
	settings := runs[0].Config.Measure.Settings
	again := map[float64][]string{} // precisions, by the number of batches
	for _, precision := range precisions {
		again[settings[precision]] = append(again[settings[precision]], precision)
	}
	for _, batches := range slices.Sorted(maps.Keys(again)) {
		if batches > 0 {
			text += fmt.Sprintf(" In %s batch-norm statistics are re-estimated on %g batches of %g training images.", strings.Join(again[batches], ", "), batches, settings[settingBatch])
		}
	}
	return text
}
