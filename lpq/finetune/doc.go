// Package finetune trains networks: fine-tuning after quantization (FAQ) by recipes that are data, fp32 controls and training from a
// random start by the same loop.
//
//	recipe, err := finetune.Get("cifar4")
//	recipe.Epochs = 3
//	history, err := finetune.Run(ctx, m, finetune.Sets{Train: train, Test: test}, finetune.Options{Recipe: recipe, Dir: "runs/w4a4"})
//
// A run with a folder can be interrupted, or killed, at any moment: with Options.Resume it goes on from its last checkpoint and ends with the same
// bits as an uninterrupted one. The same seed gives the same bits.
//
// What is not here: the optimizer (package optim), layers and quantizers (nn, quant).
package finetune
