// Package optim has stochastic gradient descent as PyTorch computes it (momentum, Nesterov, weight decay) and learning rate schedules.
//
//	sgd := optim.SGD{Momentum: 0.9, WeightDecay: 1e-4}
//	sgd.Step(scope, loss, learningRate) // in a graph: updates every trainable variable
//
//	s := optim.Schedule{Kind: optim.Exponential, Start: 1.5e-3, End: 1e-5}
//	s.Rate(step, stepsPerEpoch, epochs)
//
// SGD is also an optimizer of GoMLX's trainer, whose own has neither momentum nor weight decay.
package optim
