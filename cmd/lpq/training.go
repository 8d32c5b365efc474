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
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/optim"
	"github.com/lowprec/lpnets/lpq/quant"
)

// recipes stands for the defaults of flags.
const recipes = "the recipe's"

// training is what fine-tuning and training share: flags, and how they run.
type training struct {
	input
	start func(*global) (*lpq.Model, error) // makes the network to begin with

	recipe, precision, out string
	resume                 bool
	validation, images     int
	epochs, batch          int
	schedule               string
	rate, rateEnd          float64
	momentum, weightDecay  float64
	reestimate             int
	exponents              exponentFlags
	augment                augmentFlag
}

// addFlags adds the flags; recipe is the default one, and ranges say in words whose the activations are by default.
func (t *training) addFlags(cmd *cobra.Command, recipe, ranges string) {
	flags := cmd.Flags()
	flags.StringVar(&t.recipe, "recipe", recipe, "settings to start from, see above")
	flags.StringVar(&t.out, "out", "", fmt.Sprintf("folder for checkpoints and metrics (default: runs/%s-<model>-<recipe>-<seed>)", cmd.Name()))
	flags.BoolVar(&t.resume, "resume", false, "go on with the run in the folder; if there is none, start it")
	flags.StringVar(&t.precision, "precision", "", "bits of weights and activations: w8a8, w4a4, w4a8, ..., fp32 (default: "+recipes+")")
	flags.IntVar(&t.epochs, "epochs", 0, "epochs (default: "+recipes+")")
	flags.IntVar(&t.batch, "batch", 0, "batch size (default: "+recipes+")")
	flags.Float64Var(&t.rate, "lr", 0, "learning rate at the start, or the highest (default: "+recipes+")")
	flags.Float64Var(&t.rateEnd, "lr-end", 0, "learning rate at the end (default: "+recipes+")")
	flags.StringVar(&t.schedule, "schedule", "", fmt.Sprintf("how the learning rate goes from one to the other: %s (default: %s)", kindNames(), recipes))
	flags.Float64Var(&t.momentum, "momentum", 0, "momentum (default: "+recipes+")")
	flags.Float64Var(&t.weightDecay, "weight-decay", 0, "weight decay (default: "+recipes+")")
	flags.IntVar(&t.reestimate, "reestimate", 0, "training batches over which batch normalization's statistics are re-estimated after every epoch; 0: moving averages (default: "+recipes+")")
	t.exponents.addFlags(cmd, recipes, ranges, ranges)
	flags.IntVar(&t.validation, "validation", 0, "training images to hold out, to judge the best epoch; 0: the least training loss judges")
	flags.IntVar(&t.images, "images", 0, "use only the first N of the other training images; 0: all")
	t.augment.addFlag(cmd, recipes)
	t.addReadingFlags(cmd)
}

// settings is the recipe with what the flags change.
func (t *training) settings(cmd *cobra.Command) (finetune.Recipe, error) {
	r, err := finetune.Get(t.recipe)
	if err != nil {
		return r, err
	}
	for flag, set := range map[string]func(){
		"precision":    func() { r.Scheme = t.precision },
		"epochs":       func() { r.Epochs = t.epochs },
		"batch":        func() { r.Batch = t.batch },
		"lr":           func() { r.Rate.Start = t.rate },
		"lr-end":       func() { r.Rate.End = t.rateEnd },
		"schedule":     func() { r.Rate.Kind = optim.Kind(t.schedule) },
		"momentum":     func() { r.Momentum = t.momentum },
		"weight-decay": func() { r.WeightDecay = t.weightDecay },
		"reestimate":   func() { r.Reestimate = t.reestimate },
	} {
		if cmd.Flags().Changed(flag) {
			set()
		}
	}
	if err := t.exponents.change(cmd, &r.WeightRule, &r.Calibration); err != nil {
		return r, err
	}
	scheme, err := r.Precision()
	if err != nil {
		return r, err
	}
	if err := t.exponents.checkEffect(cmd, scheme); err != nil {
		return r, err
	}
	if cmd.Flags().Changed("lr-end") && r.Rate.Kind == optim.Constant {
		return r, errors.Errorf("--lr-end: recipe %s keeps the learning rate constant; choose another --recipe or --schedule", r.Name)
	}
	if cmd.Flags().Changed("schedule") && r.Rate.Kind != optim.Constant && r.Rate.End == 0 {
		return r, errors.Errorf("--schedule %s: recipe %s does not say where the learning rate ends; add --lr-end", t.schedule, r.Name)
	}
	if err := t.augment.check(); err != nil {
		return r, err
	}
	return r, r.Validate()
}

// kindNames lists the schedules.
func kindNames() string {
	names := make([]string, len(optim.Kinds))
	for i, kind := range optim.Kinds {
		names[i] = string(kind)
	}
	return strings.Join(names, ", ")
}

// trained is the result of a training.
type trained struct {
	score
	Start       string           `json:"start"` // weights
	Recipe      finetune.Recipe  `json:"recipe"`
	Seed        uint64           `json:"seed"`
	TrainImages int              `json:"train_images"`
	History     finetune.History `json:"history"`
	Cosine      float64          `json:"mean_cosine"` // to the weights at the start
	Folder      string           `json:"folder"`
}

// run trains, evaluates and prints.
func (t *training) run(cmd *cobra.Command, g *global) error {
	recipe, err := t.settings(cmd)
	if err != nil {
		return err
	}
	if t.out == "" {
		t.out = filepath.Join("runs", fmt.Sprintf("%s-%s-%s-%d", cmd.Name(), t.model, recipe.Name, g.seed))
	}
	if _, err := os.Stat(filepath.Join(t.out, finetune.CheckpointFile)); err == nil && !t.resume {
		return errors.Errorf("folder %s holds a run already: go on with it by --resume, or name another folder by --out", t.out)
	}
	result, err := t.train(cmd, g, recipe)
	switch {
	case errors.Is(err, finetune.ErrInterrupted):
		return errors.Errorf("interrupted, and saved in %s; go on with: %s", t.out, t.resumeCommand(os.Args))
	case isInterrupt(err): // before the training, or after it
		return errors.Errorf("interrupted; go on with: %s", t.resumeCommand(os.Args))
	case err != nil:
		return err
	}
	return g.print(cmd.OutOrStdout(), result, func(w io.Writer) {
		result.text(w)
		fmt.Fprintf(w, "  cosine %.4f, of the weights to those at the start, mean of the layers\n", result.Cosine)
		fmt.Fprintf(w, "  files  %s\n", t.out)
	})
}

// train trains and evaluates.
func (t *training) train(cmd *cobra.Command, g *global, recipe finetune.Recipe) (trained, error) {
	result := trained{Seed: g.seed, Folder: t.out}
	sets, err := t.parts(g)
	if err != nil {
		return result, err
	}
	recipe = recipe.For(sets.Train)
	recipe.Augment = t.augment.choose(recipe.Augment)
	result.Recipe = recipe
	m, err := t.start(g)
	if err != nil {
		return result, err
	}
	if t.exponents.given(cmd) { // they count, also where the weights' file has exponents
		if err := m.SetScheme(quant.Scheme{}); err != nil {
			return result, err
		}
	}
	before, err := m.Clone()
	if err != nil {
		return result, err
	}
	steps := 0
	result.History, err = lpq.FineTune(cmd.Context(), m, sets, finetune.Options{Recipe: recipe, Seed: g.seed, Dir: t.out, Resume: t.resume, Workers: t.workers,
		Observer: finetune.Observer{Step: func(finetune.Progress) { steps++ }}})
	if err != nil {
		return result, err
	}
	if steps == 0 {
		fmt.Fprintf(cmd.ErrOrStderr(), "the run in %s is complete: nothing was left to train\n", t.out)
	}
	if result.score, err = t.evaluate(cmd.Context(), m, sets.Test); err != nil {
		return result, err
	}
	layers, err := lpq.Compare(before, m)
	if err != nil {
		return result, err
	}
	result.Cosine, result.TrainImages = analysis.MeanCosine(layers), sets.Train.Len()
	result.Start, result.Weights = before.Provenance["weights"], filepath.Join(t.out, finetune.FinalFile)
	return result, nil
}

// resumeCommand is the command that goes on with a run that args began.
func (t *training) resumeCommand(args []string) string {
	command := shellWords(args)
	if !t.resume {
		command += " --resume"
	}
	return command
}

// parts are the data, with the validation part taken from the training images.
func (t *training) parts(g *global) (lpq.Sets, error) {
	network, err := models.Get(t.model)
	if err != nil {
		return lpq.Sets{}, err
	}
	sets, err := t.sets(network, toTrain, toEvaluate)
	if err != nil {
		return sets, err
	}
	if n := sets.Train.Len(); t.images < 0 || t.validation < 0 || t.images > n-t.validation || t.validation >= n {
		return sets, errors.Errorf("--images %d, --validation %d: want no more together than the %d training images", t.images, t.validation, n)
	}
	if t.validation > 0 {
		sets.Validation, sets.Train = data.Split(sets.Train, t.validation, g.seed)
	}
	if t.images > 0 {
		sets.Train = data.Head(sets.Train, t.images)
	}
	return sets, nil
}
