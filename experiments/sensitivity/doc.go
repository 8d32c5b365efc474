// Package sensitivity is the paper's table of what 4 bits need: one factor of the recipe changed at a time, each network beside the one where
// nothing was changed.
//
//	plan, err := sensitivity.Experiment.Open(experiments.Options{Preset: "demo"})
package sensitivity
