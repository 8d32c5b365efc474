package calibration

import (
	"strings"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/calib"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/quant"
)

// Experiment is the definition.
var Experiment = experiments.Experiment{
	Name:  "calibration",
	Title: "Calibration of the activations' ranges",
	Claim: "Proper calibration of the activations' ranges, by a percentile of what a few training batches give, is part of what makes 4 bits work.",
	Presets: []experiments.Preset{
		demo, cifar10,
		experiments.ImageNet.For(1, "ResNet-18: 660 epochs of ImageNet, weeks on a GPU"),
	},
	Measures: map[string]run.Measure{measurement: measure},
	Plan:     plan,
	Report:   report,
}

// demo leaves out what would take it beyond its time.
var demo = experiments.Demo.For(1, "about 40 seconds on 2 CPU cores").
	With(experiments.Demo.About+"; 4 bits: 1 epoch, and 3 of 5 ways to find exponents; before fine-tuning, weights by the maximum and statistics re-estimated in 4 bits alone",
		func(r *experiments.Recipes) { r.W4A4.Epochs = 1 })

// cifar10 trains shorter than the other experiments do, for there are six networks to train.
var cifar10 = experiments.CIFAR10.For(1, "ResNet-20: half an hour to an hour on 2 CPU cores (12 epochs of 1 to 4 minutes, and 20 minutes of measuring), after 10 to 30 minutes for the baseline").
	With(experiments.Adapted+"4 bits: 2 epochs for the paper's 110, batch 128 for 256", experiments.PaperForm, func(r *experiments.Recipes) { r.W4A4.Epochs = 2 })

// The measurement's name and settings: images of a batch; whether weights are by MSE too (1), not by the maximum alone (0); and, by each precision
// that is measured, on how many training batches batch-norm statistics are re-estimated (0: they are not).
const (
	measurement  = "calibration"
	settingBatch = "batch"
	settingMSE   = "weights_mse"
)

// precisions that can be measured, and rules for the weights' exponents, in the order of the tables.
var (
	precisions = []string{"w8a8", "w6a6", "w4a4"}
	rules      = []quant.Rule{quant.RuleMax, quant.RuleMSE}
)

func settings(p experiments.Preset) map[string]float64 {
	batch := float64(p.Recipes.W4A4.Batch)
	if !p.Files {
		return map[string]float64{settingBatch: batch, settingMSE: 0, "w8a8": 0, "w4a4": 10}
	}
	const batches = models.DefaultReestimationBatches
	return map[string]float64{settingBatch: batch, settingMSE: 1, "w8a8": batches, "w6a6": batches, "w4a4": batches}
}

var (
	maximum      = calib.Choice{Method: calib.Maximum}
	leastSquares = calib.Choice{Method: calib.MSE}
	standard     = percentile(calib.DefaultPercentile)
)

func percentile(p float64) calib.Choice {
	return calib.Choice{Method: calib.Percentile, Percentile: p}
}

// nameOf is a choice in a word.
func nameOf(c calib.Choice) string { return strings.ReplaceAll(c.String(), " ", "-") }

// variant is a way to find the exponents that a network is fine-tuned with.
type variant struct {
	label       string
	weights     quant.Rule
	activations calib.Choice
	inDemo      bool
}

// controlLabel marks the fp32 control: the same recipe without quantization.
const controlLabel = "w4a4-control"

var variants = []variant{
	{"w4a4-max", quant.RuleMax, maximum, true},
	{"w4a4-percentile-99.99", quant.RuleMax, standard, true},
	{"w4a4-percentile-99.9", quant.RuleMax, percentile(99.9), false},
	{"w4a4-mse", quant.RuleMax, leastSquares, false},
	{"w4a4-mse-both", quant.RuleMSE, leastSquares, true},
}

func (v variant) recipe(base finetune.Recipe) finetune.Recipe {
	base.Name += "-" + nameOf(v.activations)
	base.WeightRule, base.Calibration = v.weights, v.activations
	return base
}

// plan has, for each network, the baseline, what is measured of it, and then all variants with the first seed, the second, ...
func plan(m experiments.Material) (runs []run.Config) {
	for _, network := range m.Networks {
		baseline := m.Baseline(network)
		runs = append(runs, baseline)
		for _, seed := range m.Seeds {
			runs = append(runs, run.Config{Label: "ptq", Network: network.Name, Seed: seed, Start: run.From(baseline), Data: m.Data,
				Measure: &run.Measurement{Name: measurement, Settings: settings(m.Preset)}})
			base := m.Preset.RecipesFor(network.Name).W4A4
			runs = append(runs, m.Tune(baseline, controlLabel, experiments.Control(base), seed))
			for _, v := range variants {
				if !m.Preset.Files && !v.inDemo {
					continue
				}
				runs = append(runs, m.Tune(baseline, v.label, v.recipe(base), seed))
			}
		}
	}
	return runs
}
