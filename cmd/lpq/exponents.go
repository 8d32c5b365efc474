package main

import (
	"fmt"
	"slices"

	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/lowprec/lpnets/lpq/calib"
	"github.com/lowprec/lpnets/lpq/quant"
)

// exponentFlags say how exponents are chosen.
type exponentFlags struct {
	weights, activations string
	percentile           float64
}

// addFlags adds the flags; whatever they do not say, the defaults do, which a command calls by that name: "max", "the recipe's".
func (f *exponentFlags) addFlags(cmd *cobra.Command, weights, activations, percentile string) {
	about := func(text, otherwise string) string { return fmt.Sprintf("%s (default: %s)", text, otherwise) }
	flags := cmd.Flags()
	flags.StringVar(&f.weights, "weight-exponents", "", about("rule for the weights' exponents: max (the paper's) or mse", weights))
	flags.StringVar(&f.activations, "activations", "", about("how the activations' ranges are chosen: percentile (the paper's), max or mse", activations))
	flags.Float64Var(&f.percentile, "percentile", 0, about("percent of the activations that a range covers; implies --activations percentile", percentile))
}

// given reports whether the user said anything.
func (f *exponentFlags) given(cmd *cobra.Command) bool {
	return slices.ContainsFunc([]string{"weight-exponents", "activations", "percentile"}, cmd.Flags().Changed)
}

// checkEffect returns an error if the user said something of which nothing follows.
func (f *exponentFlags) checkEffect(cmd *cobra.Command, scheme quant.Scheme) error {
	if f.given(cmd) && !scheme.Quantized() {
		return errors.Errorf("--weight-exponents, --activations and --percentile have no effect in %s: leave them out, or choose another --precision", scheme)
	}
	return nil
}

// change puts what the user gave in the place of the defaults.
func (f *exponentFlags) change(cmd *cobra.Command, rule *quant.Rule, choice *calib.Choice) (err error) {
	given := cmd.Flags().Changed
	if given("weight-exponents") {
		if *rule, err = quant.ParseRule(f.weights); err != nil {
			return errors.WithMessage(err, "--weight-exponents")
		}
	}
	if given("activations") {
		*choice = calib.Choice{Method: calib.Method(f.activations)}
	}
	if given("percentile") {
		if given("activations") && choice.Method != calib.Percentile {
			return errors.Errorf("--percentile and --activations %s exclude each other: leave one out", f.activations)
		}
		if !(f.percentile > 0 && f.percentile <= 100) {
			return errors.Errorf("--percentile %v: want a number above 0, at most 100", f.percentile)
		}
		*choice = calib.Choice{Method: calib.Percentile, Percentile: f.percentile}
	}
	return errors.WithMessage(choice.Validate(), "--activations")
}
