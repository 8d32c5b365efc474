package experiments

import (
	"math"

	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/builtin"
	"github.com/lowprec/lpnets/lpq/calib"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/optim"
	"github.com/lowprec/lpnets/lpq/quant"
)

// Preset is a size in which an experiment can be run.
type Preset struct {
	Name  string
	About string // data, network, and what was scaled down
	Cost  string // time, and on what

	Network string     // where nothing else is asked for
	Seeds   int        // repeats, with seeds from 1
	Limits  run.Limits // of the data
	Files   bool       // data and weights must be named: nothing comes along
	Recipes Recipes
	// Except changes the recipes for networks, by name, that the paper trains otherwise. May be nil.
	Except map[string]func(*Recipes)
}

// RecipesFor are the recipes for a network.
func (p Preset) RecipesFor(network string) Recipes {
	r := p.Recipes
	if change := p.Except[network]; change != nil {
		change(&r)
	}
	return r
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

// With is the preset with other words about it, and changed recipes.
func (p Preset) With(about string, changes ...func(*Recipes)) Preset {
	p.About = about
	for _, change := range changes {
		change(&p.Recipes)
	}
	return p
}

// Scaled is a number of epochs or images times a factor, one at least.
func Scaled(n int, factor float64) int { return max(1, int(math.Round(float64(n)*factor))) }

// From is the recipe of that name in package finetune, changed; it panics if there is none, for presets are written, not read.
func From(name string, change func(*finetune.Recipe)) finetune.Recipe {
	r, err := finetune.Get(name)
	if err != nil {
		panic(err)
	}
	change(&r)
	return r
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

// The recipes of the presets: those of package finetune, with what a preset changes.
var (
	demo8 = From("demo8", func(r *finetune.Recipe) { r.Batch = 64 })
	// The paper's exponents, for demo4 has those of least squared error.
	demo4 = From("demo4", func(r *finetune.Recipe) { r.Epochs, r.WeightRule, r.Calibration = 3, "", calib.Choice{} })
	// Too short to learn much: the control of a minute.
	demoScratch = From("scratch", func(r *finetune.Recipe) { r.Epochs, r.Batch, r.Rate.Start, r.Rate.End = 6, 64, 0.05, 1e-4 })

	// cifarAdapt: nothing is gained after 8 epochs.
	cifarAdapt = From("control", func(r *finetune.Recipe) {
		r.Name, r.Epochs, r.WeightDecay, r.Rate = "adapt", 8, 1e-4, optim.Schedule{Kind: optim.Exponential, Start: 1e-2, End: 1e-5}
	})
	cifar8 = From("cifar8", func(*finetune.Recipe) {})
	// By the validation images of experiment schedule: at three epochs this rate is the best one, and 27 epochs are better than nine. By the loss on
	// training images: with an exponential decay nothing is learnt in the last half of 20 epochs, and statistics of 50 batches are better than moving averages.
	cifar4       = From("cifar4long", func(r *finetune.Recipe) { r.Name, r.WeightRule, r.Calibration = "cifar4", "", calib.Choice{} })
	cifarScratch = From("scratch", func(*finetune.Recipe) {})

	faq8    = From("faq8", func(*finetune.Recipe) {})
	faq4    = From("faq4", func(*finetune.Recipe) {})
	scratch = From("scratch", func(r *finetune.Recipe) { r.Epochs, r.Batch = 110, 256 })
)

// PaperForm gives the 4-bit recipes on CIFAR-10 the paper's form again, a rate that falls exponentially and moving averages of batch norm's
// statistics: for experiments that change one thing of it at a time.
func PaperForm(r *Recipes) {
	for _, recipe := range []*finetune.Recipe{&r.W4A4, &r.W4A4MSE} {
		recipe.Rate.Kind, recipe.Rate.End, recipe.Reestimate = optim.Exponential, 1e-5, 0
	}
}

// Adapted begins what is said of presets on CIFAR-10.
const Adapted = "CIFAR-10 and a pretrained network, first adapted to these images in fp32 (8 epochs); "

// Presets that experiments have in common.
var (
	Demo = Preset{
		Name: "demo", About: "built-in images, the first 1,000 of 10,000 to train on; built-in network, pretrained on all of them",
		Network: builtin.Network, Limits: run.Limits{Train: 1000, Test: 1000},
		Recipes: Recipes{W8A8: demo8, W4A4: demo4, W4A4MSE: WithMSE(demo4), Scratch: demoScratch},
	}
	CIFAR10 = Preset{
		Name: "cifar10", About: Adapted + "4 bits: 20 epochs for the paper's 110, batch 128 for 256, half a cosine for the exponential decay, statistics of batch norm re-estimated",
		Network: "resnet20", Files: true,
		Recipes: Recipes{Adapt: &cifarAdapt, W8A8: cifar8, W4A4: cifar4, W4A4MSE: WithMSE(cifar4), Scratch: cifarScratch},
	}
	ImageNet = Preset{
		Name: "imagenet", About: "the paper's own settings: ImageNet, batch 256, 1 epoch for 8 bits, 110 for 4",
		Network: "resnet18", Files: true,
		Recipes: Recipes{W8A8: faq8, W4A4: faq4, W4A4MSE: WithMSE(faq4), Scratch: scratch},
		Except:  map[string]func(*Recipes){"resnet18": func(r *Recipes) { r.W4A4.WeightDecay, r.W4A4MSE.WeightDecay = 0.5e-4, 0.5e-4 }},
	}
)
