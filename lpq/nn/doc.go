// Package nn holds quantization-aware layers on GoMLX: convolution (also depthwise), dense, batch normalization with PyTorch's semantics,
// activations with their quantizers, pooling, residual shortcuts, and what only training has: dropout, auxiliary classifiers. Images are NHWC,
// [batch, height, width, channels].
//
// A network is described once, as an ordinary GoMLX model function, and the layers build it in float or quantized:
//
//	func net(scope *model.Scope, x *graph.Node) *graph.Node {
//		x = nn.Quantize(scope.In("input"), x).Signed().Edge().Done()
//		x = nn.Conv(scope.In("conv1"), x).Channels(16).Kernel(3).Padding(1).Edge().Done()
//		x = nn.BatchNorm(scope.In("bn1"), x).Done()
//		x = nn.ReLU(scope.In("relu1"), x).Edge().Done()
//		x = nn.Quantize(scope.In("pool"), nn.GlobalMeanPool(x)).Edge().Done()
//		return nn.Dense(scope.In("fc"), x).Units(10).Edge().Done()
//	}
//
// How a graph is built (which [quant.Scheme], who watches) is a [Run], attached to the graph; without one the layers follow the
// scheme in the store's parameter ParamScheme, so that they also work under GoMLX's own trainer.
//
// In a quantized network every operand of a multiplication is integer codes times a power of two. A mean leaves that grid, so a quantizer
// follows pools of means. Tensors that are joined share one exponent: join them before the activation, or give their quantizers one scope.
//
// Variables have the names of PyTorch's modules (weight, bias, running_mean, running_var), so that /net/layer1.0/conv1/weight is
// layer1.0.conv1.weight in a weight file; kernels are [kh, kw, in, out]. An activation's exponent is an int32 variable
// <scope>/quant/act_exponent. What is not here: finding those exponents (package calib) and networks (package models).
package nn
