package convergence

import (
	"context"
	"fmt"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/calib"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/notebook"
	"github.com/lowprec/lpnets/lpq/optim"
	"github.com/lowprec/lpnets/lpq/quant"
)

// Experiment is the definition.
var Experiment = experiments.Experiment{
	Name:  "convergence",
	Title: "Iterations against distance and gradient variance",
	Claim: "The iterations to reach a training error scale with the square of the distance of the start from the solution plus the maximum variance of the gradient estimates, " +
		"(sigma^2 + L*||x0 - x*||^2)^2 / eps^2: so start from the pretrained network, and fight the noise, with larger batches for instance.",
	Presets: []experiments.Preset{
		experiments.Demo.For(1, "about two minutes on 2 CPU cores"), cifar10,
		experiments.ImageNet.For(1, "ResNet-18: 240 epochs of ImageNet, days on a GPU"),
	},
	Measures: map[string]run.Measure{measurement: measure},
	Plan:     plan,
	Report:   report,
}

var cifar10 = experiments.CIFAR10.For(1, "ResNet-20: 20 minutes to an hour on 2 CPU cores (18 epochs of 1 to 4 minutes), after table1 and similarity, whose runs are the solutions").
	With(experiments.Adapted + "a constant learning rate for 2 epochs from the pretrained start and 4 from the random one")

// start is where networks start from, and what solution they could reach.
type start struct {
	name     string
	seed     uint64 // what its seeds are above the others'
	epochs   int    // of its runs at a constant rate
	solution string // label of the run that ends at it
}

// The starts. Their solutions are runs of table1 and of similarity, which are not done again.
var (
	pretrained = start{name: "pretrained", epochs: 2, solution: "w4a4-mse"}
	random     = start{name: "random", seed: experiments.RandomSeed, epochs: 4, solution: experiments.ScratchLabel}
	starts     = []start{pretrained, random}
)

// startLabel is of the run that measures the start and trains nothing.
func (s start) startLabel() string { return s.name + "-start" }

// label is that of a run with a batch size.
func (s start) label(batch int) string { return fmt.Sprint(s.prefix(), batch) }

func (s start) prefix() string { return s.name + "-b" }

// rate is the learning rate of the runs from both starts, at all batch sizes. The loss of the pretrained start, whose training ended at a far smaller one, rises with it already.
const rate = 1e-2

// batches are the sizes: the half of the preset's own, that, and its double.
func batches(r finetune.Recipe) []int { return []int{r.Batch / 2, r.Batch, r.Batch * 2} }

func plan(m experiments.Material) (runs []run.Config) {
	for _, network := range m.Networks {
		baseline := m.Baseline(network)
		runs = append(runs, baseline)
		for _, seed := range m.Seeds {
			runs = append(runs, m.Tune(baseline, pretrained.solution, m.Preset.RecipesFor(network.Name).W4A4MSE, seed), m.Scratch(network.Name, seed))
			for _, s := range starts {
				runs = append(runs, s.runs(m, baseline, seed)...)
			}
		}
	}
	return runs
}

// runs measure the start, and train from it with each batch size.
func (s start) runs(m experiments.Material, baseline run.Config, seed uint64) (runs []run.Config) {
	c := run.Config{Label: s.startLabel(), Network: baseline.Network, Seed: s.seed + seed, Data: m.Data}
	if s == pretrained {
		c.Start = run.From(baseline)
	}
	recipe := m.Preset.RecipesFor(baseline.Network).W4A4MSE
	sizes := batches(recipe)
	c.Measure = measurementOf(sizes[0], len(sizes), true)
	runs = append(runs, c)
	for _, batch := range sizes {
		trained := recipe
		trained.Name += "-constant"
		trained.Epochs, trained.Batch, trained.Rate, trained.Reestimate = s.epochs, batch, optim.Schedule{Kind: optim.Constant, Start: rate}, 0
		c.Label, c.Recipe, c.Measure = s.label(batch), &trained, measurementOf(batch, 1, batch == recipe.Batch)
		runs = append(runs, c)
	}
	return runs
}

// measurement is its name, and those of its settings.
const (
	measurement      = "convergence"
	settingBatch     = "smallest_batch"
	settingSizes     = "batch_sizes" // each the double of the one before
	settingCurvature = "curvature_images"

	numBatches      = 8 // for a variance
	curvatureImages = 512
	maxProducts     = 10 // of Hessian and vector
)

func measurementOf(batch, sizes int, curvature bool) *run.Measurement {
	settings := map[string]float64{settingBatch: float64(batch), settingSizes: float64(sizes)}
	if curvature {
		settings[settingCurvature] = curvatureImages
	}
	return &run.Measurement{Name: measurement, Settings: settings}
}

// measured is what a run measures of the network that it ends with.
type measured struct {
	Variances []variance           `json:"variances"`
	Curvature *analysis.Eigenvalue `json:"curvature,omitempty"`
}

// variance is that of a batch's gradient in the precision of the runs.
type variance struct {
	Batch    int     `json:"batch"`
	Variance float64 `json:"variance"`
}

// scheme and choice are the precision of all runs, as their recipes have it: a start is measured without one.
var (
	scheme = func() quant.Scheme {
		s, err := quant.ParseScheme("w4a4")
		if err != nil {
			panic(err) // the name is a good one
		}
		s.WeightRule = quant.RuleMSE
		return s
	}()
	choice = calib.Choice{Method: calib.MSE}
)

func measure(ctx context.Context, m *lpq.Model, sets lpq.Sets, c run.Config) (any, error) {
	progress := notebook.NewProgressIn(ctx, "gradients "+c.Label)
	defer progress.Close()
	var found measured
	batch := int(c.Measure.Settings[settingBatch])
	for range int(c.Measure.Settings[settingSizes]) {
		v, err := analysis.GradientVariance(ctx, m, sets.Train, scheme, analysis.GradientOptions{
			Batches: numBatches, Batch: batch, Seed: c.Seed, Augment: data.DefaultAugment(sets.Train), Choice: choice, All: true,
			Progress: func(done, total int) { progress.Update(done, total, fmt.Sprintf("batches of %d", batch)) },
		})
		if err != nil {
			return nil, err
		}
		found.Variances = append(found.Variances, variance{batch, v})
		batch *= 2
	}
	if images := int(c.Measure.Settings[settingCurvature]); images > 0 {
		e, err := analysis.Curvature(ctx, m, sets.Train, analysis.CurvatureOptions{Images: min(images, sets.Train.Len()/8), Products: maxProducts, Seed: c.Seed, Augment: data.DefaultAugment(sets.Train)})
		if err != nil {
			return nil, err
		}
		found.Curvature = &e
	}
	return found, nil
}
