package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/calib"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/quant"
)

// exponentFlags say how exponents are chosen.
type exponentFlags struct {
	weights, activations string
	percentile           float64
}

func (f *exponentFlags) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.weights, "weight-exponents", string(quant.RuleMax), "rule for the weights' exponents: max (the paper's) or mse")
	flags.StringVar(&f.activations, "activations", string(calib.Percentile), "how the activations' ranges are chosen: percentile, max or mse")
	flags.Float64Var(&f.percentile, "percentile", calib.DefaultPercentile, "percent of the activations that --activations percentile covers")
}

func (f *exponentFlags) parse() (quant.Rule, calib.Choice, error) {
	rule, err := quant.ParseRule(f.weights)
	choice := calib.Choice{Method: calib.Method(f.activations), Percentile: f.percentile}
	if err == nil {
		err = choice.Validate()
	}
	return rule, choice, err
}

// quantized is the result of lpq quantize.
type quantized struct {
	score
	Exponents map[string]int `json:"activation_exponents"`
	File      string         `json:"file,omitempty"`
}

func newQuantize(g *global) *cobra.Command {
	in, exponents := &input{}, &exponentFlags{}
	var precision, out string
	var batches, batch, reestimate int
	cmd := &cobra.Command{
		Use:   "quantize",
		Short: "Quantize a network without fine-tuning, and evaluate it",
		Long: `Calibrates a network on a few training batches, quantizes it and evaluates it on the test images. No weight is trained.

  lpq quantize --precision w8a8 --model resnet20 --weights resnet20.th --data cifar-10-batches-bin --out resnet20-w8a8.safetensors`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			rule, choice, err := exponents.parse()
			if err != nil {
				return err
			}
			if _, err := quant.ParseScheme(precision); err != nil {
				return err
			}
			m, sets, err := in.load(g)
			if err != nil {
				return err
			}
			recipe, err := finetune.Get("cifar4") // for the augmentation of the training images
			if err != nil {
				return err
			}
			low, err := lpq.Quantize(cmd.Context(), m, precision, sets.Train, lpq.QuantizeOptions{WeightRule: rule, Choice: choice,
				Batches: batches, Batch: batch, Seed: g.seed, Augment: recipe.Augment, ReestimateBatches: reestimate})
			if err != nil {
				return err
			}
			if out != "" {
				if err := low.Save(out); err != nil {
					return err
				}
			}
			result := quantized{File: out}
			if result.score, err = evaluate(cmd.Context(), low, sets.Test); err != nil {
				return err
			}
			if result.Exponents, err = low.Exponents(); err != nil {
				return err
			}
			return g.print(cmd.OutOrStdout(), result, func(w io.Writer) {
				result.text(w)
				if out != "" {
					fmt.Fprintf(w, "  saved  %s\n", out)
				}
			})
		},
	}
	in.addFlags(cmd)
	exponents.addFlags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&precision, "precision", "w4a4", "bits of weights and activations: w8a8, w4a4, w4a8, ... (32 is float)")
	flags.IntVar(&batches, "batches", 5, "training batches to calibrate on")
	flags.IntVar(&batch, "batch", models.DefaultBatch, "images of a calibration batch")
	flags.IntVar(&reestimate, "reestimate", 0, "training batches to estimate batch-norm statistics on, after quantization; 0 keeps them")
	flags.StringVar(&out, "out", "", "file for the quantized network (.safetensors, .pth)")
	return cmd
}
