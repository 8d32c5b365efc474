package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
)

func newFinetune(g *global) *cobra.Command {
	t := &training{}
	t.start = t.pretrained
	cmd := &cobra.Command{
		Use:   "finetune",
		Short: "Fine-tune a network after quantization (FAQ)",
		Long: `Calibrates and quantizes a pretrained network and fine-tunes it, by a recipe; flags change its settings.

  lpq finetune --recipe cifar4 --epochs 3 --model resnet20 --weights resnet20.th --data cifar-10-batches-bin --out runs/w4a4
  lpq finetune --recipe faq8 --model resnet18 --weights resnet18-f37072fd.pth --data imagenet --out runs/resnet18-w8a8

Training shows its images per second and, where they are less than three times as many, those that the loader could give: where they are about
the same, more --workers or prepared photographs (lpq data prepare) make it faster.

` + trainingHelp(),
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error { return t.run(cmd, g) },
	}
	t.input.addFlags(cmd)
	t.addFlags(cmd, "cifar4", "those of the weights' file, where it is quantized alike, or else "+recipes)
	return cmd
}

func newTrain(g *global) *cobra.Command {
	t := &training{}
	t.start = t.random
	cmd := &cobra.Command{
		Use:   "train",
		Short: "Train a network from a random start",
		Long: `Trains a network from random weights, drawn from --seed, by a recipe; flags change its settings.

  lpq train --model resnet8 --data builtin --out runs/scratch

` + trainingHelp(),
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error { return t.run(cmd, g) },
	}
	t.addModelFlag(cmd)
	t.addDataFlag(cmd)
	t.addFlags(cmd, "scratch", recipes)
	return cmd
}

// trainingHelp says what comes out of a training, and lists the recipes.
func trainingHelp() string {
	var b strings.Builder
	fmt.Fprintf(&b, `The folder --out gets %s and %s, the networks after the last and the best epoch, %s,
the numbers of every epoch, and %s: interrupted with Ctrl-C, or killed, --resume continues the run, which ends with the same bits.

Recipes:
`, finetune.FinalFile, finetune.BestFile, finetune.MetricsFile, finetune.CheckpointFile)
	for _, r := range finetune.Recipes() {
		fmt.Fprintf(&b, "  %-10s %s\n", r.Name, r.About)
	}
	return strings.TrimRight(b.String(), "\n")
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
	m, err := models.New(engine, network, int64(g.seed))
	if err != nil {
		return nil, err
	}
	m.Provenance["weights"] = fmt.Sprintf("random, seed %d", g.seed)
	return m, nil
}
