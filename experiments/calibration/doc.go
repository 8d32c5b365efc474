// Package calibration is the paper's claim that 4 bits need proper ranges of the activations: the maximum, percentiles and least squared error,
// before fine-tuning (with and without re-estimated batch-norm statistics, and against the range itself) and after it.
//
//	plan, err := calibration.Experiment.Open(experiments.Options{Preset: "demo"})
//
// One run for each network and seed measures quantized copies of the baseline and trains nothing; see Point for what it keeps. The others
// fine-tune the baseline to 4 bits, one for each way to find the exponents.
package calibration
