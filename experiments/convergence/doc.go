// Package convergence is the paper's claim that the iterations of stochastic gradient descent until an error of eps are of the order of
// (sigma^2 + L*||x0 - x*||^2)^2 / eps^2: distance and gradient variance as they are measured, put into the bound, beside the iterations as they are counted.
//
//	plan, err := convergence.Experiment.Open(experiments.Options{Preset: "demo"})
//
// Networks in 4 bits are trained at a constant learning rate, as the bound has it, from two starts x0: the pretrained baseline, and random weights; each with
// three batch sizes. What goes into the bound:
//
//   - x*, the solution, is what long training with annealing makes of the same start: 4-bit fine-tuning of the baseline, and for the random weights fp32
//     training. The runs themselves end on their way, not at a solution; how far each one came is in the table beside the distance. A solution nearer to x0
//     may exist, so the distance is from above; and a scale of weights before batch normalization changes distances, but no loss.
//   - sigma^2, the variance of a batch's gradient in 4 bits, is the larger one of those at the start and at the run's end.
//   - L, the smoothness, is the largest curvature of the fp32 loss that was met, one for all runs of a network, for the quantized loss is constant but for jumps
//     (analysis.Curvature). It is from below.
//
// The bound is for a convex loss, without momentum, and up to a constant: what can be seen is whether it orders the runs as they are.
package convergence
