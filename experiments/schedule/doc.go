// Package schedule is accuracy against the length, the learning rate and the batch size of fine-tuning, in 8 and 4 bits: what the paper fights
// gradient noise with (claim 5: longer training, smaller learning rates, larger batches with matched annealing).
//
//	plan, err := schedule.Experiment.Open(experiments.Options{Preset: "demo"})
//
// Recipes are chosen by it, so a tenth of the training images is held out and judges; accuracy on the test images is shown beside it.
package schedule
