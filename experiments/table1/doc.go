// Package table1 is the paper's table 1: networks in 8 and 4 bits against their fp32 baselines.
//
//	plan, err := table1.Experiment.Open(experiments.Options{Preset: "demo"})
//
// Every fine-tuned network stands beside an fp32 control, fine-tuned by the same recipe with the same seed, for fine-tuning alone changes accuracy.
package table1
