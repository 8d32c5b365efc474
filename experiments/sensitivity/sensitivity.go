package sensitivity

import (
	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/calib"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/optim"
)

// Experiment is the definition.
var Experiment = experiments.Experiment{
	Name:  "sensitivity",
	Title: "Sensitivity of 4-bit fine-tuning to its settings",
	Claim: "A pretrained start, long training, large batches, little weight decay and calibrated activation ranges each matter for 4 bits; the form of the learning rate's decay does not.",
	Presets: []experiments.Preset{
		experiments.Demo.For(1, "about a minute on 2 CPU cores"), cifar10,
		experiments.ImageNet.For(1, "ResNet-18: 995 epochs of ImageNet, weeks on a GPU"),
	},
	Plan:   plan,
	Report: report,
}

// cifar10 trains shorter than the other experiments do, for there is much to train.
var cifar10 = experiments.CIFAR10.For(1, "ResNet-20: 1 to 3 hours for each seed on 2 CPU cores (40 epochs of 1 to 4 minutes), after 10 to 30 minutes for the baseline").
	With(experiments.Adapted+"4 epochs for the paper's 110, 2 for 60, 6 for 165; batch 128 for 256, 192 for 400", experiments.PaperForm, func(r *experiments.Recipes) { r.W4A4.Epochs = 4 })

// The paper's base, and what it changed of it.
const (
	paperEpochs, paperFewer, paperMore = 110, 60, 165
	largerBatch                        = 1.5 // as many updates: 165 epochs at batch 400 for 110 at 256
	moreWeightDecay                    = 2   // 1e-4 for ResNet-18's 0.5e-4
)

// start of a network.
type start int

const (
	fromBaseline start = iota
	fromRandom
	asPublished // the pretrained network before it was adapted to the data
)

// factor is a row of the table: one thing that is not as in the base.
type factor struct {
	label   string
	changed string // in words
	paper   string // the effect that the paper has, read in it or recalled; empty: it has no such row
	start   start
	change  func(*finetune.Recipe)
}

// baseLabel is the label of the row where nothing is changed.
const baseLabel = "base"

func nothing(*finetune.Recipe) {}

var factors = []factor{
	{baseLabel, "nothing", "69.82 % (read)", fromBaseline, nothing},
	{"fewer-epochs", "60 epochs for 110", "lower (recalled)", fromBaseline, func(r *finetune.Recipe) { r.Epochs = experiments.Scaled(r.Epochs, float64(paperFewer)/paperEpochs) }},
	{"random-start", "not pretrained", "lower, about -0.6 (recalled)", fromRandom, nothing},
	{"larger-batch", "batch 400 for 256, as many updates", "higher (recalled)", fromBaseline, func(r *finetune.Recipe) {
		r.Batch, r.Epochs = experiments.Scaled(r.Batch, largerBatch), experiments.Scaled(r.Epochs, float64(paperMore)/paperEpochs)
	}},
	{"step-decay", "learning rate falls in steps", "about the same (recalled)", fromBaseline, func(r *finetune.Recipe) { r.Rate.Kind = optim.Step }},
	{"weight-decay", "weight decay doubled", "lower, about -0.2 (recalled)", fromBaseline, func(r *finetune.Recipe) { r.WeightDecay *= moreWeightDecay }},
	{"uncalibrated", "ranges of activations by the maximum", "lower, about -0.6 (recalled)", fromBaseline, func(r *finetune.Recipe) { r.Calibration = calib.Choice{Method: calib.Maximum} }},
	{"mse", "all exponents by least squared error", "", fromBaseline, func(r *finetune.Recipe) { *r = experiments.WithMSE(*r) }},
	{"as-published", "start not adapted to the images", "", asPublished, nothing},
	{"fp32", "fp32 instead of 4 bits", "", fromBaseline, func(r *finetune.Recipe) { *r = experiments.Control(*r) }},
}

func plan(m experiments.Material) (runs []run.Config) {
	for _, network := range m.Networks {
		baseline := m.Baseline(network)
		runs = append(runs, baseline)
		for _, seed := range m.Seeds {
			for _, f := range factors {
				if f.start == asPublished && m.Preset.Recipes.Adapt == nil {
					continue // the baseline is as published
				}
				recipe := m.Preset.RecipesFor(network.Name).W4A4
				f.change(&recipe)
				c := m.Tune(baseline, f.label, recipe, seed)
				switch f.start {
				case fromRandom:
					c.Start, c.Seed = run.Start{}, experiments.RandomSeed+seed
				case asPublished:
					c.Start = network.Start
				}
				runs = append(runs, c)
			}
		}
	}
	return runs
}
