package nn_test

import (
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/nn"
)

// convCase is a convolution of an image [height, width, in], with the zeros before it.
type convCase struct {
	name                      string
	height, width, in         int
	kernelHeight, kernelWidth int
	channels, strides, groups int
	top, left                 int // zeros before
	outHeight, outWidth       int
	configure                 func(*nn.ConvBuilder) *nn.ConvBuilder
}

// convolved is the convolution and its gradients by obvious loops: y, and of sum(y*dy) dx and dw.
func (c convCase) convolved(x, w, dy []float32) (y, dx, dw []float32) {
	y, dx, dw = make([]float32, len(dy)), make([]float32, len(x)), make([]float32, len(w))
	perGroupIn, perGroupOut := c.in/c.groups, c.channels/c.groups
	for h := range c.outHeight {
		for v := range c.outWidth {
			for o := range c.channels {
				to := (h*c.outWidth+v)*c.channels + o
				for i := range c.kernelHeight {
					for j := range c.kernelWidth {
						row, column := h*c.strides+i-c.top, v*c.strides+j-c.left
						if row < 0 || row >= c.height || column < 0 || column >= c.width {
							continue
						}
						for k := range perGroupIn {
							from := (row*c.width+column)*c.in + o/perGroupOut*perGroupIn + k
							at := ((i*c.kernelWidth+j)*perGroupIn+k)*c.channels + o
							y[to] += x[from] * w[at]
							dx[from] += dy[to] * w[at]
							dw[at] += dy[to] * x[from]
						}
					}
				}
			}
		}
	}
	return y, dx, dw
}

// TestConvForms compares paddings, sides and groups, and their gradients, with loops. SAME's zeros are those that TensorFlow documents:
// max((ceil(size/strides)-1)*strides + kernel - size, 0), the smaller half before.
func TestConvForms(t *testing.T) {
	same := (*nn.ConvBuilder).PadSame
	for _, c := range []convCase{
		{"SAME, stride 1", 5, 4, 2, 3, 3, 3, 1, 1, 1, 1, 5, 4, same},
		{"SAME, stride 2 on even sides: one zero, behind", 6, 8, 2, 3, 3, 3, 2, 1, 0, 0, 3, 4, same},
		{"SAME, stride 2 on odd sides: one on each side", 5, 7, 2, 3, 3, 3, 2, 1, 1, 1, 3, 4, same},
		{"SAME, 5x5, stride 2: one before, two behind", 6, 6, 1, 5, 5, 2, 2, 1, 1, 1, 3, 3, same},
		{"SAME, stride larger than the kernel", 7, 7, 1, 1, 1, 2, 3, 1, 0, 0, 3, 3, same},
		{"SAME, 1x7", 4, 6, 2, 1, 7, 3, 1, 1, 0, 3, 4, 6, same},
		{"SAME, 3x1", 4, 6, 2, 3, 1, 3, 1, 1, 1, 0, 4, 6, same},
		{"2x3 without padding", 4, 6, 2, 2, 3, 3, 1, 1, 0, 0, 3, 4, nil},
		{"2x2, stride 2", 5, 6, 2, 2, 2, 3, 2, 1, 0, 0, 2, 3, nil},
		{"SAME, 4x4, stride 2", 6, 7, 2, 4, 4, 3, 2, 1, 1, 1, 3, 4, same},
		{"two groups", 4, 4, 4, 3, 3, 6, 1, 2, 1, 1, 4, 4, func(b *nn.ConvBuilder) *nn.ConvBuilder { return b.Padding(1) }},
		{"depthwise with two kernels a channel", 4, 4, 2, 3, 3, 4, 1, 2, 0, 0, 2, 2, nil},
		{"depthwise", 4, 5, 3, 3, 3, 3, 1, 3, 0, 0, 2, 3, nil},
		{"depthwise, SAME, stride 2", 6, 7, 3, 5, 5, 3, 2, 3, 1, 2, 3, 4, same},
		{"depthwise, padded, stride 3", 7, 6, 2, 3, 3, 2, 3, 2, 1, 1, 3, 2, func(b *nn.ConvBuilder) *nn.ConvBuilder { return b.Padding(1) }},
		{"depthwise of the whole image", 3, 3, 2, 3, 3, 2, 1, 2, 0, 0, 1, 1, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			x, w := random(1, 1, c.height, c.width, c.in), random(2, c.kernelHeight, c.kernelWidth, c.in/c.groups, c.channels)
			dy := random(3, 1, c.outHeight, c.outWidth, c.channels)
			wantY, wantDx, wantDw := c.convolved(flat(x), flat(w), flat(dy))
			testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
				probe := &nn.Probe{}
				out := run(t, b, newStore(t, map[string]any{"/conv/weight": clone(w)}), func(scope *model.Scope, x, dy *Node) []*Node {
					(&nn.Run{Probe: probe}).Attach(x.Graph())
					conv := nn.Conv(scope.In("conv"), x).Channels(c.channels).KernelSides(c.kernelHeight, c.kernelWidth).Strides(c.strides).Groups(c.groups)
					if c.configure != nil {
						conv = c.configure(conv)
					}
					return withGradients(scope.At("conv"), conv.Done(), dy, x, "weight")
				}, clone(x), clone(dy))
				for i, want := range [][]float32{wantY, wantDx, wantDw} {
					what := []string{"y", "gradient to x", "gradient to the weight"}[i]
					like := []*tensors.Tensor{dy, x, w}[i]
					wantClose(t, what, out[i], tensors.FromFlatDataAndDimensions(want, like.Shape().Dimensions...), tolerance)
				}
				if got, want := probe.Weights[0].Uses, c.outHeight*c.outWidth; got != want {
					t.Errorf("every weight is used %d times, want %d", got, want)
				}
			})
		})
	}
}
