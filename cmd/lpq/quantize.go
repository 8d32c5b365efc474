package main

import (
	"fmt"
	"io"

	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/calib"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/quant"
	"github.com/lowprec/lpnets/lpq/weights"
)

// quantizing has the flags of lpq quantize.
type quantizing struct {
	input
	exponents      exponentFlags
	precision, out string
	augment        augmentFlag
	options        lpq.QuantizeOptions
}

// quantized is the result of lpq quantize.
type quantized struct {
	score
	Exponents       map[string]int `json:"activation_exponents"`
	WeightRule      quant.Rule     `json:"weight_exponents"`
	Activations     calib.Method   `json:"activations"`
	Percentile      float64        `json:"percentile,omitempty"`
	Seed            uint64         `json:"seed"`
	Batches         int            `json:"calibration_batches"`
	Batch           int            `json:"calibration_batch"` // images
	Augment         data.Augment   `json:"augment,omitzero"`
	ReestimateBatch int            `json:"reestimation_batches"`
	File            string         `json:"file,omitempty"`
}

func newQuantize(g *global) *cobra.Command {
	q := &quantizing{}
	cmd := &cobra.Command{
		Use:   "quantize",
		Short: "Quantize a network without fine-tuning, and evaluate it",
		Long: `Calibrates a network on a few training batches, quantizes it and evaluates it on the test images. No weight is trained.

  lpq quantize --precision w8a8 --model resnet20 --weights resnet20.th --data cifar-10-batches-bin --out resnet20-w8a8.safetensors
  lpq quantize --precision w8a8 --model resnet18 --weights resnet18-f37072fd.pth --data imagenet`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error { return q.run(cmd, g) },
	}
	q.input.addFlags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&q.precision, "precision", "w4a4", "bits of weights and activations: w8a8, w4a4, w4a8, ... (32 is float)")
	flags.StringVar(&q.out, "out", "", "file for the quantized network (.safetensors, .pth, .pt, .th)")
	q.exponents.addFlags(cmd, string(quant.RuleMax), string(calib.Percentile), fmt.Sprint(calib.DefaultPercentile))
	flags.IntVar(&q.options.Batches, "batches", models.DefaultCalibrationBatches, "training batches to calibrate on")
	flags.IntVar(&q.options.Batch, "batch", 0, fmt.Sprintf("images of a calibration batch (default: %d, or %d photographs)", models.DefaultBatch, models.DefaultPhotosBatch))
	flags.IntVar(&q.options.ReestimateBatches, "reestimate", 0, "training batches to estimate batch-norm statistics on after quantization; 0 keeps them")
	q.augment.addFlag(cmd, "as training does")
	q.addReadingFlags(cmd)
	return cmd
}

// check completes the options, and returns an error for what can be told before the work.
func (q *quantizing) check(cmd *cobra.Command) error {
	o := &q.options
	o.WeightRule, o.Choice.Method = quant.RuleMax, calib.Percentile
	if err := q.exponents.change(cmd, &o.WeightRule, &o.Choice); err != nil {
		return err
	}
	if o.Choice.Method == calib.Percentile {
		o.Choice = o.Choice.WithDefaults()
	}
	scheme, err := quant.ParseScheme(q.precision)
	if err != nil {
		return errors.WithMessage(err, "--precision")
	}
	if err := q.exponents.checkEffect(cmd, scheme); err != nil {
		return err
	}
	if o.Batches < 1 || cmd.Flags().Changed("batch") && o.Batch < 1 || o.ReestimateBatches < 0 {
		return errors.Errorf("--batches %d, --batch %d, --reestimate %d: want at least 1, 1 and 0", o.Batches, o.Batch, o.ReestimateBatches)
	}
	if err := q.augment.check(); err != nil {
		return err
	}
	if q.out == "" {
		return nil
	}
	if _, err := weights.FormatOf(q.out); err != nil {
		return errors.WithMessage(err, "--out")
	}
	return checkOutput("out", q.out)
}

func (q *quantizing) run(cmd *cobra.Command, g *global) error {
	if err := q.check(cmd); err != nil {
		return err
	}
	m, sets, err := q.load(g, toCalibrate, toEvaluate)
	if err != nil {
		return err
	}
	q.options.Seed, q.options.Workers = g.seed, q.workers
	if q.options.Batch == 0 {
		q.options.Batch = models.BatchFor(sets.Train)
	}
	q.options.Augment = q.augment.choose(data.DefaultAugment(sets.Train)) // as the recipes do, so that fine-tuning starts from the same exponents
	low, err := lpq.Quantize(cmd.Context(), m, q.precision, sets.Train, q.options)
	if err != nil {
		return err
	}
	if q.out != "" {
		if err := low.Save(q.out); err != nil {
			return err
		}
	}
	o := q.options
	result := quantized{WeightRule: o.WeightRule, Activations: o.Choice.Method, Percentile: o.Choice.Percentile, Seed: o.Seed,
		Batches: o.Batches, Batch: o.Batch, Augment: o.Augment, ReestimateBatch: o.ReestimateBatches, File: q.out}
	if result.score, err = q.evaluate(cmd.Context(), low, sets.Test); err != nil {
		return err
	}
	if result.Exponents, err = low.Exponents(); err != nil {
		return err
	}
	return g.print(cmd.OutOrStdout(), result, func(w io.Writer) {
		result.text(w)
		if q.out != "" {
			fmt.Fprintf(w, "  saved  %s\n", q.out)
		}
	})
}
