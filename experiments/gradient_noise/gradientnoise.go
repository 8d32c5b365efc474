package gradientnoise

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/plot"
	"github.com/lowprec/lpnets/lpq/quant"
)

// Experiment is the definition. The networks are the baselines of table 1, in fp32; nothing is trained beyond them.
var Experiment = experiments.Experiment{
	Name:  "gradient_noise",
	Title: "Gradient noise due to quantization",
	Claim: "Gradient noise due to quantization increases as precision falls; averaging over more batches fights it.",
	Presets: []experiments.Preset{
		experiments.Demo.For(1, "about 20 seconds on 2 CPU cores"),
		experiments.CIFAR10.For(1, "ResNet-20: about 3 minutes on 2 CPU cores, after 10 to 30 for the baseline").With(experiments.Adapted + "nothing is trained beyond that"),
		experiments.ImageNet.For(1, "ResNet-18: minutes on a GPU"),
	},
	Measures: map[string]run.Measure{measurement: measure},
	Plan:     plan,
	Report:   report,
}

// measurement is its name, and those of its settings.
const (
	measurement     = "gradient_noise"
	settingBatches  = "batches"
	settingBatch    = "batch"
	numBatches      = 16
	imagesPerBatch  = 128
	measuredByLabel = "noise"
)

// precisions that are compared with fp32, exponents by the paper's rules.
var precisions = []string{"w8a8", "w6a6", "w4a4", "w3a3", "w2a2"}

func plan(m experiments.Material) (runs []run.Config) {
	for _, network := range m.Networks {
		baseline := m.Baseline(network)
		runs = append(runs, baseline)
		for _, seed := range m.Seeds {
			runs = append(runs, run.Config{Label: measuredByLabel, Network: network.Name, Seed: seed, Start: run.From(baseline), Data: m.Data,
				Measure: &run.Measurement{Name: measurement, Settings: map[string]float64{settingBatches: numBatches, settingBatch: imagesPerBatch}}})
		}
	}
	return runs
}

// measure is what a run keeps: []analysis.Noise, fp32 first.
func measure(ctx context.Context, m *lpq.Model, sets lpq.Sets, c run.Config) (any, error) {
	schemes := make([]quant.Scheme, len(precisions))
	for i, name := range precisions {
		var err error
		if schemes[i], err = quant.ParseScheme(name); err != nil {
			return nil, err
		}
	}
	batch := int(c.Measure.Settings[settingBatch])
	batches := int(c.Measure.Settings[settingBatches])
	for batches > 2 && batches*batch > sets.Train.Len() { // each batch is to hold other images
		batches /= 2
	}
	return lpq.GradientNoise(ctx, m, sets.Train, schemes, analysis.GradientOptions{
		Batches: batches, Batch: batch, Seed: c.Seed, Augment: data.DefaultAugment(sets.Train),
	})
}

func report(outcomes []run.Outcome) (r experiments.Report, err error) {
	summary := experiments.Table{Name: "gradient_noise", Caption: "Cosine of quantized against fp32 gradients, mean over layers, of one batch and of averages; variance of a batch's gradient:",
		Columns: []string{"network", "precision", "seed", "batches", "cosine_one_batch", "cosine_average", "variance_ratio"}}
	summary.Shown = summary.Columns
	layers := experiments.Table{Name: "layers", Columns: []string{"network", "precision", "seed", "layer", "weights", "batches_averaged", "cosine", "variance", "squared_norm", "squared_error", "squared_bias"}}
	for _, o := range outcomes {
		if o.Status.State != run.Done || o.Config.Measure == nil {
			continue
		}
		var noises []analysis.Noise
		if err := o.Measured(&noises); err != nil {
			return r, err
		}
		for _, n := range noises {
			cosines := meanCosines(n)
			summary.Add(o.Config.Network, n.Scheme.String(), o.Config.Seed, n.Averaged[len(n.Averaged)-1], experiments.Cosine(cosines[0]),
				experiments.Cosine(cosines[len(cosines)-1]), varianceRatio(n, noises[0]))
			for _, l := range n.Layers {
				for i, k := range n.Averaged {
					layers.Add(o.Config.Network, n.Scheme.String(), o.Config.Seed, l.Name, l.Size, k, experiments.Cosine(l.Cosine[i]),
						l.Variance, l.SquaredNorm, l.SquaredError, l.SquaredBias)
				}
			}
		}
		if o.Config.Seed == 1 {
			r.Figures = append(r.Figures, Figures(o.Config.Network, noises[1:])...)
		}
	}
	r.Tables = []experiments.Table{summary, layers}
	r.Notes = []string{"The variance ratio is the variance of a batch's gradient over that of the fp32 gradient: the median over layers of the ratios, for at few bits single layers explode. Exponents are the paper's: weights by the maximum, activations by the 99.99 percentile."}
	r.Notes = append(r.Notes, experiments.FirstSeed(outcomes)...)
	return r, nil
}

// meanCosines is, for each number of averaged batches, the mean over layers. Layers count alike: at few bits the gradients of some are so large
// that they would drown the others in one long vector.
func meanCosines(n analysis.Noise) []float64 {
	means := make([]float64, len(n.Averaged))
	for i := range means {
		for _, l := range n.Layers {
			means[i] += l.Cosine[i] / float64(len(n.Layers))
		}
	}
	return means
}

// varianceRatio is the median over layers of the variance over that in fp32; layers whose gradient does not vary in fp32 do not count.
func varianceRatio(n, float analysis.Noise) float64 {
	var ratios []float64
	for i, l := range n.Layers {
		if v := float.Layers[i].Variance; v > 0 {
			ratios = append(ratios, l.Variance/v)
		}
	}
	if len(ratios) == 0 {
		return math.NaN()
	}
	slices.Sort(ratios)
	return stat.Quantile(0.5, stat.Empirical, ratios, nil)
}

// Figures show the cosine against the number of averaged batches, and layer by layer for one batch, of noises as analysis.GradientNoise returns them,
// without that of fp32.
func Figures(network string, noises []analysis.Noise) []experiments.Figure {
	var averaged, byLayer []plot.Series
	var names []string
	for i, n := range noises {
		line := plot.Series{Name: n.Scheme.String(), Y: meanCosines(n)}
		for _, k := range n.Averaged {
			line.X = append(line.X, float64(k))
		}
		layer := plot.Series{Name: n.Scheme.String()}
		for _, l := range n.Layers {
			layer.Y = append(layer.Y, l.Cosine[0])
			if i == 0 {
				names = append(names, strings.TrimSuffix(l.Name, ".weight"))
			}
		}
		averaged, byLayer = append(averaged, line), append(byLayer, layer)
	}
	return []experiments.Figure{
		{Name: network + "-averaged", Figure: plot.Lines(fmt.Sprintf("%s: quantized against fp32 gradients, mean over layers", network), "batches averaged", "cosine similarity", averaged...)},
		{Name: network + "-layers", Figure: plot.Similarity(fmt.Sprintf("%s: quantized against fp32 gradients of one batch", network), names, byLayer...)},
	}
}
