package table1

import (
	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/finetune"
)

// Experiment is the definition.
var Experiment = experiments.Experiment{
	Name:  "table1",
	Title: "Table 1: low-precision networks against their fp32 baselines",
	Claim: "At 8 bits networks exceed their fp32 baselines after one epoch of fine-tuning; at 4 bits they match them.",
	Presets: []experiments.Preset{
		experiments.Demo.For(3, "a little over a minute on 2 CPU cores"),
		experiments.CIFAR10.For(3, "ResNet-20: 3 to 13 hours on 2 CPU cores (194 epochs of 1 to 4 minutes)"),
		experiments.ImageNet.For(1, "ResNet-18: 332 epochs of ImageNet, days on a GPU"),
	},
	Plan:   plan,
	Report: report,
}

// variant is a kind of fine-tuned network.
type variant struct {
	label     string
	against   []string // labels that it stands beside, besides the baseline: its fp32 control, the paper's exponents
	exponents string   // what finds them: weights / activations
	recipe    func(experiments.Recipes) finetune.Recipe
}

var variants = []variant{
	{"w8a8-control", nil, "", func(r experiments.Recipes) finetune.Recipe { return experiments.Control(r.W8A8) }},
	{"w8a8", []string{"w8a8-control"}, "max / percentile", func(r experiments.Recipes) finetune.Recipe { return r.W8A8 }},
	{"w4a4-control", nil, "", func(r experiments.Recipes) finetune.Recipe { return experiments.Control(r.W4A4) }},
	{"w4a4", []string{"w4a4-control"}, "max / percentile", func(r experiments.Recipes) finetune.Recipe { return r.W4A4 }},
	{"w4a4-mse", []string{"w4a4-control", "w4a4"}, "mse / mse", func(r experiments.Recipes) finetune.Recipe { return r.W4A4MSE }},
}

// plan has, for each network, the baseline and then all variants with the first seed, the second, ...: a sweep that is stopped has whole tables.
func plan(m experiments.Material) (runs []run.Config) {
	for _, network := range m.Networks {
		baseline := m.Baseline(network)
		runs = append(runs, baseline)
		for _, seed := range m.Seeds {
			for _, v := range variants {
				runs = append(runs, m.Tune(baseline, v.label, v.recipe(m.Preset.RecipesFor(network.Name)), seed))
			}
		}
	}
	return runs
}
