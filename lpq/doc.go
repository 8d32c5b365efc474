// Package lpq takes a pretrained fp32 network, finds a low-precision one close to it, and shows how close: what a notebook cell
// or a command calls. Long actions show their progress where they run, in a notebook or a terminal.
//
//	ctx := lpq.Interruptible()
//	backend, err := lpq.Open("", 0)
//	net, err := lpq.LoadModel(backend, "resnet20", "resnet20.th")
//	sets, err := lpq.LoadData("cifar-10-batches-bin", lpq.DataOptions{Network: net.Network})
//	low, err := lpq.Quantize(ctx, net, "w4a4", sets.Train, lpq.QuantizeOptions{})
//	result, err := lpq.Evaluate(ctx, low, sets.Test)
//	predictions, err := lpq.Predict(ctx, low, []string{"cat.png"}, lpq.PredictOptions{})
//	recipe, err := finetune.Get("cifar4")
//	history, err := lpq.FineTune(ctx, low, sets, finetune.Options{Recipe: recipe, Dir: "runs/w4a4"})
//	layers, err := lpq.Compare(net, low)
//
// The packages behind it: quant (formats, fake quantization), nn (layers), models (networks), calib, finetune, optim, data, data/imagenet (photographs),
// data/raster and data/jpeg (reading pictures), weights, pretrained (published weights), analysis, plot, notebook (display), tensorboard, backend (engines),
// builtin (data and network that are built in).
package lpq
