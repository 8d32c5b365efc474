package schedule

import (
	"fmt"
	"strings"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/plot"
)

// Experiment is the definition.
var Experiment = experiments.Experiment{
	Name:  "schedule",
	Title: "Accuracy against epochs, learning rate and batch size",
	Claim: "Longer training, a fitting learning rate and larger batches with matched annealing overcome the gradient noise of 4 bits; 8 bits need one epoch at a small rate.",
	Presets: []experiments.Preset{
		demo, cifar10,
		experiments.ImageNet.For(1, "ResNet-18: 2,299 epochs of ImageNet, weeks on several GPUs"),
	},
	Plan:   plan,
	Report: report,
}

// axis is something of a recipe that is changed while the rest stays.
type axis struct {
	name   string // as it stands in tables
	label  string // of runs
	xLabel string // of a figure
	draw   func(title, xLabel, yLabel string, series ...plot.Series) *plot.Figure
	value  func(finetune.Recipe) float64
	change func(r *finetune.Recipe, factor float64)
}

var (
	rate = axis{
		"learning rate", "lr", "learning rate at the start", plot.LogLines,
		func(r finetune.Recipe) float64 { return r.Rate.Start },
		func(r *finetune.Recipe, factor float64) { r.Rate.Start *= factor },
	}
	last = axis{
		"last learning rate", "end", "learning rate at the end", plot.LogLines,
		func(r finetune.Recipe) float64 { return r.Rate.End },
		func(r *finetune.Recipe, factor float64) { r.Rate.End *= factor },
	}
	epochs = axis{
		"epochs", "epochs", "epochs", plot.LogLines,
		func(r finetune.Recipe) float64 { return float64(r.Epochs) },
		func(r *finetune.Recipe, factor float64) { r.Epochs = experiments.Scaled(r.Epochs, factor) },
	}
	// The number of updates, as near as whole epochs allow, and the rate as a function of it, stay: larger batches take more epochs.
	batch = axis{
		"batch size", "batch", "batch size, about as many updates", plot.LogLines,
		func(r finetune.Recipe) float64 { return float64(r.Batch) },
		func(r *finetune.Recipe, factor float64) {
			r.Batch, r.Epochs = experiments.Scaled(r.Batch, factor), experiments.Scaled(r.Epochs, factor)
		},
	}
	axes = []axis{rate, last, epochs, batch}
)

// series is the values of an axis that are tried, as factors of the preset's own, of which 1 is among them.
type series struct {
	precision string
	axis      axis
	factors   []float64
}

var all = []series{
	{"w4a4", rate, []float64{1, 1. / 3, 3, 1. / 10}},
	{"w4a4", last, []float64{1, 10, 100}},
	{"w4a4", epochs, []float64{1, 1. / 3, 3, 9}},
	{"w4a4", batch, []float64{1, 1. / 2, 2}},
	{"w8a8", rate, []float64{1, 1. / 10, 10, 100}},
	{"w8a8", epochs, []float64{1, 3}},
}

// demo has two epochs for the three of others: the longest of its runs has three times as many.
var demo = experiments.Demo.For(1, "a minute or two on 2 CPU cores").
	With(experiments.Demo.About, func(r *experiments.Recipes) { r.W4A4MSE.Epochs = 2 })

// longest is how many epochs a run of a preset has at most, by the preset's name: others leave none out.
var longest = map[string]int{demo.Name: 6}

// cifar10 has a recipe of its own for 4 bits: that of the other experiments was chosen by what this one found.
var cifar10 = experiments.CIFAR10.For(1, "ResNet-20: 1.5 to 5 hours on 2 CPU cores (78 epochs of 1 to 4 minutes)").
	With(experiments.Adapted+"batch 128, and at 4 bits exponents of least squared error, a rate that falls exponentially and 3 epochs, where nothing else is said", experiments.PaperForm,
		func(r *experiments.Recipes) { r.W4A4MSE.Epochs = 3 })

// base is the recipe that the factors of a precision refer to.
func base(r experiments.Recipes, precision string) finetune.Recipe {
	if precision == "w8a8" {
		return r.W8A8
	}
	return r.W4A4MSE
}

// tried are the runs of all series; the bases are the same in several of them.
func tried(m experiments.Material, baseline run.Config, seed uint64) (runs []run.Config) {
	for _, s := range all {
		for _, factor := range s.factors {
			recipe := base(m.Preset.RecipesFor(baseline.Network), s.precision)
			label := s.precision
			if factor != 1 {
				s.axis.change(&recipe, factor)
				label = s.prefix() + fmt.Sprintf("%.3g", s.axis.value(recipe))
			}
			if most, bounded := longest[m.Preset.Name]; bounded && recipe.Epochs > most {
				continue
			}
			runs = append(runs, m.Tune(baseline, label, recipe, seed))
		}
	}
	return runs
}

// prefix begins the labels of the series' runs, but for that of its base, which is the precision alone.
func (s series) prefix() string { return s.precision + "-" + s.axis.label + "-" }

// has tells whether a run is one of the series.
func (s series) has(label string) bool {
	return label == s.precision || strings.HasPrefix(label, s.prefix())
}

func plan(m experiments.Material) (runs []run.Config) {
	m = m.HoldOut()
	for _, network := range m.Networks {
		baseline := m.Baseline(network)
		runs = append(runs, baseline)
		for _, seed := range m.Seeds {
			planned := map[string]bool{}
			for _, c := range tried(m, baseline, seed) {
				if !planned[c.ID()] {
					planned[c.ID()] = true
					runs = append(runs, c)
				}
			}
		}
	}
	return runs
}
