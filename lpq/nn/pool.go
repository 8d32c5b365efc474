package nn

import (
	. "github.com/gomlx/gomlx/core/graph"
	. "github.com/gomlx/gomlx/support/exceptions"
)

// Pool is the window of a pooling layer, the same in both directions: PyTorch's kernel_size, stride and padding.
//
//	x = nn.Pool{Window: 3, Strides: 2, Padding: 1}.Max(x)
type Pool struct{ Window, Strides, Padding int }

// GlobalMeanPool averages over height and width: [batch, height, width, channels] -> [batch, channels]. The mean is off the grid of
// quantized values: a quantizer must follow. It panics if x is not of rank 4.
func GlobalMeanPool(x *Node) *Node {
	checkImages("GlobalMeanPool", x)
	return ReduceMean(x, 1, 2)
}

// Max takes the maximum of every window: [batch, height, width, channels] -> [batch, height', width', channels] with
// height' = (height + 2*Padding - Window)/Strides + 1; padding never wins. It chooses among the values it is given: quantized ones keep
// their exponent. GoMLX's Go engine has no gradient for it. It panics if x is not of rank 4, or the window is empty.
func (p Pool) Max(x *Node) *Node {
	p.check("Max", x)
	return p.configure(MaxPool(x)).Done()
}

// Mean takes the mean of every window, shaped as Max's, padding counted as zeros as PyTorch's AvgPool2d does by default. The
// mean is off the grid of quantized values: a quantizer must follow. It panics as Max does.
func (p Pool) Mean(x *Node) *Node {
	p.check("Mean", x)
	return DivScalar(p.configure(SumPool(x)).Done(), float64(p.Window*p.Window))
}

func (p Pool) configure(b *PoolBuilder) *PoolBuilder {
	pad := [2]int{p.Padding, p.Padding}
	return b.Window(p.Window).Strides(p.Strides).PaddingPerDim([][2]int{pad, pad})
}

func (p Pool) check(name string, x *Node) {
	checkImages("Pool."+name, x)
	if p.Window < 1 || p.Strides < 1 || p.Padding < 0 || 2*p.Padding > p.Window {
		Panicf("nn.Pool.%s: window %d, strides %d, padding %d; want positive ones, and padding of half a window at most", name, p.Window, p.Strides, p.Padding)
	}
}
