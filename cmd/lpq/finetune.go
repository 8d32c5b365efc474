package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/calib"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/optim"
)

// training has the flags that fine-tuning and training share.
type training struct {
	input
	recipe, out   string
	resume        bool
	validation    int
	images        int
	epochs, batch int
	rate, rateEnd float64
	weightDecay   float64
	exponents     exponentFlags
}

func newFinetune(g *global) *cobra.Command {
	t := &training{}
	cmd := &cobra.Command{
		Use:   "finetune",
		Short: "Fine-tune a network after quantization (FAQ)",
		Long: `Calibrates and quantizes a pretrained network and fine-tunes it, by a recipe whose single settings can be changed.

  lpq finetune --recipe cifar4 --epochs 3 --model resnet20 --weights resnet20.th --data cifar-10-batches-bin --out runs/w4a4

Interrupted with Ctrl-C, or killed, it goes on with --resume and ends with the same bits.

` + recipeHelp(),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return t.run(cmd, g, t.pretrained) },
	}
	t.addFlags(cmd, "cifar4")
	t.input.addFlags(cmd)
	return cmd
}

func newTrain(g *global) *cobra.Command {
	t := &training{}
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Train a network from a random start",
		Long: `Trains a network from random weights, drawn from --seed, by a recipe whose single settings can be changed.

  lpq train --model resnet8 --data builtin --out runs/scratch

Interrupted with Ctrl-C, or killed, it goes on with --resume and ends with the same bits.

` + recipeHelp(),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return t.run(cmd, g, t.random) },
	}
	t.addFlags(cmd, "scratch")
	cmd.Flags().StringVar(&t.model, "model", "resnet8", "network: "+strings.Join(models.Names(), ", "))
	t.addDataFlag(cmd)
	return cmd
}

// recipeHelp lists the recipes.
func recipeHelp() string {
	var b strings.Builder
	b.WriteString("Recipes:\n")
	for _, r := range finetune.Recipes() {
		fmt.Fprintf(&b, "  %-10s %s\n", r.Name, r.About)
	}
	return b.String()
}

func (t *training) addFlags(cmd *cobra.Command, recipe string) {
	flags := cmd.Flags()
	flags.StringVar(&t.recipe, "recipe", recipe, "settings to start from, see above")
	flags.StringVar(&t.out, "out", "", "folder for checkpoints and metrics (default runs/<command>-<model>-<recipe>-<seed>)")
	flags.BoolVar(&t.resume, "resume", false, "go on with the run in the folder")
	flags.IntVar(&t.validation, "validation", 0, "training images to hold out, to judge the best epoch; 0: the least training loss judges")
	flags.IntVar(&t.images, "images", 0, "use only so many training images; 0: all")
	flags.IntVar(&t.epochs, "epochs", 0, "epochs (default: the recipe's)")
	flags.IntVar(&t.batch, "batch", 0, "batch size (default: the recipe's)")
	flags.Float64Var(&t.rate, "lr", 0, "learning rate at the start (default: the recipe's)")
	flags.Float64Var(&t.rateEnd, "lr-end", 0, "learning rate at the end (default: the recipe's)")
	flags.Float64Var(&t.weightDecay, "weight-decay", 0, "weight decay (default: the recipe's)")
	t.exponents.addFlags(cmd)
}

// settings is the recipe with what the flags change.
func (t *training) settings(cmd *cobra.Command) (finetune.Recipe, error) {
	r, err := finetune.Get(t.recipe)
	if err != nil {
		return r, err
	}
	rule, choice, err := t.exponents.parse()
	if err != nil {
		return r, err
	}
	for flag, set := range map[string]func(){
		"epochs":           func() { r.Epochs = t.epochs },
		"batch":            func() { r.Batch = t.batch },
		"lr":               func() { r.Rate.Start = t.rate },
		"lr-end":           func() { r.Rate.End = t.rateEnd },
		"weight-decay":     func() { r.WeightDecay = t.weightDecay },
		"weight-exponents": func() { r.WeightRule = rule },
		"activations":      func() { r.Calibration.Method = choice.Method },
		"percentile":       func() { r.Calibration = calib.Choice{Method: calib.Percentile, Percentile: choice.Percentile} },
	} {
		if cmd.Flags().Changed(flag) {
			set()
		}
	}
	if cmd.Flags().Changed("lr-end") && r.Rate.Kind == optim.Constant {
		return r, errors.Errorf("--lr-end: recipe %s keeps the learning rate constant", r.Name)
	}
	return r, r.Validate()
}

// trained is the result of a training.
type trained struct {
	score
	Start       string           `json:"start"`
	Recipe      finetune.Recipe  `json:"recipe"`
	Seed        uint64           `json:"seed"`
	TrainImages int              `json:"train_images"`
	History     finetune.History `json:"history"`
	Cosine      *float64         `json:"mean_cosine,omitempty"` // to the weights at the start
	Folder      string           `json:"folder"`
}

// run trains, evaluates and prints. start makes the model.
func (t *training) run(cmd *cobra.Command, g *global, start func(*global) (*lpq.Model, error)) error {
	recipe, err := t.settings(cmd)
	if err != nil {
		return err
	}
	sets, err := t.sets(g)
	if err != nil {
		return err
	}
	m, err := start(g)
	if err != nil {
		return err
	}
	before, err := m.Clone()
	if err != nil {
		return err
	}
	if t.out == "" {
		t.out = filepath.Join("runs", fmt.Sprintf("%s-%s-%s-%d", cmd.Name(), t.model, recipe.Name, g.seed))
	}
	result := trained{Start: m.Provenance["weights"], Recipe: recipe, Seed: g.seed, TrainImages: sets.Train.Len(), Folder: t.out}
	result.History, err = lpq.FineTune(cmd.Context(), m, sets, finetune.Options{Recipe: recipe, Seed: g.seed, Dir: t.out, Resume: t.resume,
		Observer: finetune.Observer{Epoch: printEpoch}})
	switch {
	case errors.Is(err, finetune.ErrInterrupted):
		return errors.Errorf("%v; go on with: %s --resume", err, strings.Join(append([]string{"lpq"}, os.Args[1:]...), " "))
	case err != nil:
		return err
	}
	if result.score, err = evaluate(cmd.Context(), m, sets.Test); err != nil {
		return err
	}
	if layers, err := lpq.Compare(before, m); err == nil && t.weights != "" {
		cosine := analysis.MeanCosine(layers)
		result.Cosine = &cosine
	}
	return g.print(cmd.OutOrStdout(), result, func(w io.Writer) {
		result.text(w)
		if result.Cosine != nil {
			fmt.Fprintf(w, "  mean cosine similarity to the start  %.4f\n", *result.Cosine)
		}
		fmt.Fprintf(w, "  files  %s\n", t.out)
	})
}

// printEpoch shows an epoch's figures as they come.
func printEpoch(e finetune.EpochMetrics) {
	line := fmt.Sprintf("epoch %d: train loss %.4f, top-1 %.2f %%, %.0f images/s", e.Epoch, e.Train.Loss, e.Train.Top1Pct, e.ImagesPerSec)
	if e.Validation != nil {
		line += fmt.Sprintf("; validation top-1 %.2f %%", e.Validation.Top1Pct)
	}
	if e.Test != nil {
		line += fmt.Sprintf("; test top-1 %.2f %%", e.Test.Top1Pct)
	}
	fmt.Fprintln(os.Stderr, "\r"+line)
}

// sets are the data, with the validation part taken from the training images.
func (t *training) sets(g *global) (lpq.Sets, error) {
	sets, err := lpq.LoadData(t.data)
	if err != nil {
		return sets, err
	}
	n := sets.Train.Len()
	if t.images < 0 || t.validation < 0 || t.images > n || t.validation >= n {
		return sets, errors.Errorf("--images %d, --validation %d: there are %d training images", t.images, t.validation, n)
	}
	if t.validation > 0 {
		sets.Validation, sets.Train = data.Split(sets.Train, t.validation, g.seed)
	}
	if t.images > 0 {
		sets.Train = data.Head(sets.Train, min(t.images, sets.Train.Len()))
	}
	return sets, nil
}

// pretrained loads the weights that the flags name.
func (t *training) pretrained(g *global) (*lpq.Model, error) {
	engine, err := g.engine()
	if err != nil {
		return nil, err
	}
	return lpq.LoadModel(engine, t.model, t.weights)
}

// random makes a network with random weights.
func (t *training) random(g *global) (*lpq.Model, error) {
	network, err := models.Get(t.model)
	if err != nil {
		return nil, err
	}
	engine, err := g.engine()
	if err != nil {
		return nil, err
	}
	return models.New(engine, network, int64(g.seed))
}
