// Package models has the networks as tables, and Model: a network with weights and a precision, that can be run, calibrated, saved.
//
//	net, err := models.Get("resnet20")
//	m, err := models.New(backend, net, 0)
//	err = m.LoadFile("resnet20.th")
//	err = m.SetScheme(scheme)
//	err = m.Calibrate(ctx, trainSet, models.CalibrateOptions{})
//	result, err := m.Evaluate(ctx, testSet, models.EvaluateOptions{})
//
// The zoo: ResNet-8 to -110 for 32x32 images (CIFAR-10), and for ImageNet ResNet-18, -34, -50 and -152, VGG-16 with batch normalization,
// DenseNet-161, Inception-v3, EfficientNet-Lite0. Names and shapes of parameters are those of the published files. Every network is described
// once, for float and for every precision:
//
//   - residual additions are on wide values, and the quantizer stands behind them;
//   - means have a quantizer behind them;
//   - a concatenation is one tensor with one exponent. Inception's branches are joined before their last ReLU, whose quantizer is then common;
//     everything that becomes part of a dense block's features goes through that block's one quantizer, with 8 bits, for no weights multiply them;
//   - Inception's auxiliary classifier is there in training only, and stays float.
//
// A network of your own is a Network literal whose Build function uses the layers of package nn; everything else works on it as on the
// zoo's. What is not here: training (package finetune).
package models
