package experiments

import (
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/builtin"
	"github.com/lowprec/lpnets/lpq/calib"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/optim"
	"github.com/lowprec/lpnets/lpq/quant"
)

// Preset is a size in which an experiment can be run.
type Preset struct {
	Name    string
	About   string // data, network, and what was scaled down
	Cost    string // time, and on what
	Refusal string // why it cannot be run yet, if so

	Network string     // where nothing else is asked for
	Seeds   int        // repeats, with seeds from 1
	Limits  run.Limits // of the data
	Files   bool       // data and weights must be named: nothing comes along
	Recipes Recipes
}

// Recipes of a preset, by what they are for.
type Recipes struct {
	// Adapt makes the baseline of the pretrained network: fp32, on the data at hand, until it stops improving. Nil: the pretrained network is the
	// baseline, for it was trained on just these data.
	Adapt *finetune.Recipe
	W8A8  finetune.Recipe
	// W4A4 has the paper's exponents, W4A4MSE those of least squared error; they differ in nothing else.
	W4A4, W4A4MSE finetune.Recipe
	Scratch       finetune.Recipe // fp32, from a random start
}

// For is the preset with an experiment's own cost and number of seeds.
func (p Preset) For(seeds int, cost string) Preset {
	p.Seeds, p.Cost = seeds, cost
	return p
}

// recipe fills in what all recipes share.
func recipe(name, scheme string, epochs, batch int, rate optim.Schedule, weightDecay float64) finetune.Recipe {
	return finetune.Recipe{Name: name, Scheme: scheme, Epochs: epochs, Batch: batch, Rate: rate, Momentum: 0.9, WeightDecay: weightDecay, Augment: data.CIFARAugment}
}

// WithMSE is the recipe with all exponents by least squared error instead of the paper's maximum and percentile.
func WithMSE(r finetune.Recipe) finetune.Recipe {
	r.Name += "-mse"
	r.WeightRule, r.Calibration = quant.RuleMSE, calib.Choice{Method: calib.MSE}
	return r
}

// Control is the recipe in fp32: what fine-tuning alone does.
func Control(r finetune.Recipe) finetune.Recipe {
	r.Name += "-fp32"
	r.Scheme, r.WeightRule, r.Calibration = "fp32", "", calib.Choice{}
	return r
}

// Rates of the recipes.
var (
	demo8Rate       = optim.Schedule{Kind: optim.Constant, Start: 1e-3}
	demo4Rate       = optim.Schedule{Kind: optim.Cosine, Start: 6e-2, End: 1e-4}
	demoScratchRate = optim.Schedule{Kind: optim.OneCycle, Start: 0.05, End: 1e-4}

	cifar8Rate = optim.Schedule{Kind: optim.Constant, Start: 1e-4}
	cifar4Rate = optim.Schedule{Kind: optim.Exponential, Start: 1e-2, End: 1e-5}
	adaptRate  = optim.Schedule{Kind: optim.Exponential, Start: 1e-2, End: 1e-5}
	oneCycle   = optim.Schedule{Kind: optim.OneCycle, Start: 0.2, End: 1e-5}
	faq8Rate   = optim.Schedule{Kind: optim.Constant, Start: 1e-4}
	faq4Rate   = optim.Schedule{Kind: optim.ExponentialEpochs, Start: 1.5e-3, End: 1.0386e-6} // 0.0015 * 0.936^110
)

// cifarAdapt: nothing is gained after 8 epochs.
var cifarAdapt = recipe("adapt", "fp32", 8, 128, adaptRate, 1e-4)

// Presets that experiments have in common.
var (
	Demo = Preset{
		Name: "demo", About: "built-in images, the first 1,000 of 10,000 to train on; built-in network, pretrained on all of them",
		Network: builtin.Network, Limits: run.Limits{Train: 1000, Test: 1000},
		Recipes: Recipes{
			W8A8: recipe("demo8", "w8a8", 1, 64, demo8Rate, 1e-4),
			W4A4: recipe("demo4", "w4a4", 3, 64, demo4Rate, 1e-4), W4A4MSE: WithMSE(recipe("demo4", "w4a4", 3, 64, demo4Rate, 1e-4)),
			Scratch: recipe("scratch", "fp32", 6, 64, demoScratchRate, 1e-4), // too short to learn anything: the control of a minute
		},
	}
	CIFAR10 = Preset{
		Name: "cifar10", About: "CIFAR-10 and a pretrained network, first adapted to these images in fp32 (8 epochs); 4 bits: 10 epochs for the paper's 110, batch 128 for 256",
		Network: "resnet20", Files: true,
		Recipes: Recipes{
			Adapt: &cifarAdapt,
			W8A8:  recipe("cifar8", "w8a8", 1, 128, cifar8Rate, 1e-4),
			W4A4:  recipe("cifar4", "w4a4", 10, 128, cifar4Rate, 0.5e-4), W4A4MSE: WithMSE(recipe("cifar4", "w4a4", 10, 128, cifar4Rate, 0.5e-4)),
			Scratch: recipe("scratch", "fp32", 30, 128, oneCycle, 1e-4),
		},
	}
	ImageNet = Preset{
		Name: "imagenet", About: "the paper's own settings: ImageNet, batch 256, 1 epoch for 8 bits, 110 for 4",
		Refusal: "it needs ImageNet's images and networks, which lpq does not read yet; run --preset cifar10",
		Network: "resnet18", Files: true,
		Recipes: Recipes{
			W8A8: recipe("faq8", "w8a8", 1, 256, faq8Rate, 1e-4),
			W4A4: recipe("faq4", "w4a4", 110, 256, faq4Rate, 0.5e-4), W4A4MSE: WithMSE(recipe("faq4", "w4a4", 110, 256, faq4Rate, 0.5e-4)),
			Scratch: recipe("scratch", "fp32", 110, 256, oneCycle, 1e-4),
		},
	}
)
