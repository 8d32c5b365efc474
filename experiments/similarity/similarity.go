package similarity

import (
	"fmt"
	"os"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/weights"
)

// Experiment is the definition. But for the random start its runs are those of table 1, which are not done again.
var Experiment = experiments.Experiment{
	Name:  "similarity",
	Title: "Cosine similarity of low-precision and fp32 weights",
	Claim: "The weights of low-precision networks stay very close to the fp32 ones, so training from scratch is unnecessary (mean over layers 0.994 after 110 epochs at 4 bits; recalled).",
	Presets: []experiments.Preset{
		experiments.Demo.For(1, "about 40 seconds on 2 CPU cores"),
		experiments.CIFAR10.For(1, "ResNet-20: 1.5 to 5 hours on 2 CPU cores (79 epochs of 1 to 4 minutes, of which 30 are left after table1)"),
		experiments.ImageNet.For(1, "ResNet-18: 331 epochs of ImageNet, days on a GPU"),
	},
	Plan:   plan,
	Report: report,
}

func plan(m experiments.Material) (runs []run.Config) {
	for _, network := range m.Networks {
		baseline, recipes := m.Baseline(network), m.Preset.RecipesFor(network.Name)
		runs = append(runs, baseline)
		for _, seed := range m.Seeds {
			runs = append(runs, m.Tune(baseline, "w8a8", recipes.W8A8, seed), m.Tune(baseline, "w4a4", recipes.W4A4, seed),
				m.Tune(baseline, "w4a4-mse", recipes.W4A4MSE, seed),
				m.Scratch(network.Name, seed))
		}
	}
	return runs
}

// compared is a run with its similarity to the baseline.
type compared struct {
	run.Outcome
	lpq.Comparison
	quantized, alone any // mean cosines of the quantized weights; nil for fp32, and where the weights were not kept
}

func report(outcomes []run.Outcome) (r experiments.Report, err error) {
	summary := experiments.Table{Name: "similarity", Caption: "Similarity of the weights to the baseline's, over layers:",
		Columns: []string{"network", "label", "seed", "epochs", "mean_cosine", "min_cosine", "min_layer", "quantized_cosine", "untrained_cosine", "top1_pct"}}
	summary.Shown = summary.Columns
	layers := experiments.Table{Name: "layers", Columns: []string{"network", "label", "seed", "layer", "weights", "cosine"}}
	for _, b := range experiments.Baselines(experiments.Groups(outcomes)) {
		all, err := compare(b.Runs[0], outcomes)
		if err != nil {
			return r, err
		}
		for _, c := range all {
			least := c.Layers[0]
			for _, l := range c.Layers {
				layers.Add(c.Config.Network, c.Config.Label, c.Config.Seed, l.Name, l.Size, experiments.Cosine(l.Cosine))
				if l.Cosine < least.Cosine {
					least = l
				}
			}
			summary.Add(c.Config.Network, c.Config.Label, c.Config.Seed, c.Config.Recipe.Epochs, experiments.Cosine(analysis.MeanCosine(c.Layers)), experiments.Cosine(least.Cosine), least.Name,
				c.quantized, c.alone, experiments.Points(c.Result.Top1Pct))
		}
		r.Figures = append(r.Figures, figures(b.Network, all)...)
	}
	r.Tables = []experiments.Table{summary, layers}
	r.Notes = []string{"Training moves float weights, of which the quantizer makes those that the network computes with. The cosines are of the float ones. The column quantized has " +
		"the mean over layers for the others, untrained that of the baseline's own weights in the same precision: what quantization does without training. Both are empty for fp32, and where a run's weights were not kept.", "The network called scratch was trained from a random start of its own, for the epochs shown; its accuracy says whether that was enough to learn."}
	r.Notes = append(r.Notes, experiments.FirstSeed(outcomes)...)
	return r, nil
}

// compare returns the network's other runs that are done.
func compare(baseline run.Outcome, outcomes []run.Outcome) (all []compared, err error) {
	reference, err := newReference(baseline)
	if err != nil {
		return nil, err
	}
	for _, o := range outcomes {
		if o.Status.State != run.Done || o.Config.Network != baseline.Config.Network || o.Config.Label == experiments.BaselineLabel {
			continue
		}
		c := lpq.Comparison{Name: o.Config.Label, Layers: o.Result.Layers} // with the start
		if o.Config.Start != run.From(baseline.Config) {
			if c, err = lpq.CompareFiles(o.Config.Label, baseline.WeightFile(), o.WeightFile()); err != nil {
				return nil, err
			}
		}
		quantized, alone, err := reference.quantizedCosines(o)
		if err != nil {
			return nil, err
		}
		all = append(all, compared{o, c, quantized, alone})
	}
	return all, nil
}

// reference is the baseline that the weights networks compute with are compared to.
type reference struct {
	models.Blueprint
	path string
	file *weights.File // nil if it was not kept
}

func newReference(baseline run.Outcome) (r reference, err error) {
	r.path = baseline.WeightFile()
	if r.Blueprint, err = lpq.Blueprint(baseline.Config.Network); err != nil {
		return r, err
	}
	r.file, err = kept(r.path)
	return r, err
}

// kept reads weights; nil if they were not kept.
func kept(path string) (*weights.File, error) {
	file, err := weights.Read(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return file, err
}

// quantizedCosines are the mean cosines, over layers, of the baseline's weights to those that a run's network computes with, and to the baseline's own in the
// run's precision; nil for fp32, and where the weights were not kept.
func (r reference) quantizedCosines(o run.Outcome) (trained, alone any, err error) {
	if o.Config.Precision() == "fp32" || r.file == nil {
		return nil, nil, nil
	}
	after, err := kept(o.WeightFile())
	if err != nil || after == nil {
		return nil, nil, err
	}
	if trained, err = r.cosine(after); err != nil {
		return nil, nil, errors.WithMessage(err, o.WeightFile())
	}
	alone, err = r.cosine(&weights.File{Tensors: r.file.Tensors, Metadata: after.Metadata}) // the baseline in the run's precision
	return trained, alone, errors.WithMessage(err, r.path)
}

// cosine is the mean cosine of the baseline's weights to the quantized ones of a file.
func (r reference) cosine(file *weights.File) (any, error) {
	quantized, err := r.Quantized(file)
	if err != nil {
		return nil, err
	}
	layers, err := analysis.Similarity(r.file, quantized)
	return experiments.Cosine(analysis.MeanCosine(layers)), err
}

// figures draw the first seed of each kind: once with the control, which dwarfs the differences between the others, and once without.
func figures(network string, all []compared) (figures []experiments.Figure) {
	var tuned, every []lpq.Comparison
	drawn := map[string]bool{}
	for _, c := range all {
		if drawn[c.Config.Label] {
			continue
		}
		drawn[c.Config.Label] = true
		every = append(every, c.Comparison)
		if c.Config.Label != experiments.ScratchLabel {
			tuned = append(tuned, c.Comparison)
		}
	}
	for _, f := range []struct {
		name, title string
		comparisons []lpq.Comparison
	}{
		{network, fmt.Sprintf("%s: weights after fine-tuning against the baseline's", network), tuned},
		{network + "-scratch", fmt.Sprintf("%s: the same, and trained from a random start", network), every},
	} {
		if len(f.comparisons) > 0 {
			figures = append(figures, experiments.Figure{Name: f.name, Figure: lpq.SimilarityFigure(f.title, f.comparisons...)})
		}
	}
	return figures
}
