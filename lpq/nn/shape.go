package nn

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	. "github.com/gomlx/gomlx/support/exceptions"
)

// ShortcutA is the parameter-free shortcut of He et al., arXiv:1512.03385, option A: every strides-th row and column, and new
// channels of zeros, half of them before and half behind the old ones. [batch, height, width, in] -> [batch, height/strides,
// width/strides, channels]. It returns x itself where nothing changes.
// It panics if x is not of rank 4, or channels - in is negative or odd.
func ShortcutA(x *Node, channels, strides int) *Node {
	checkImages("ShortcutA", x)
	added := channels - x.Shape().Dimensions[3]
	if added < 0 || added%2 != 0 {
		Panicf("nn.ShortcutA: got %d channels for an input %s, want an even number more", channels, x.Shape())
	}
	if strides > 1 {
		every := AxisRange().Stride(strides)
		x = Slice(x, AxisRange(), every, every, AxisRange())
	}
	if added > 0 {
		x = Pad(x, ScalarZero(x.Graph(), x.DType()), PadAxis{}, PadAxis{}, PadAxis{}, PadAxis{Start: added / 2, End: added / 2})
	}
	return x
}

// Flatten turns [batch, height, width, channels] into [batch, channels*height*width], in PyTorch's order: channels first. It panics if x is not
// of rank 4.
func Flatten(x *Node) *Node {
	checkImages("Flatten", x)
	return Reshape(TransposeAllAxes(x, 0, 3, 1, 2), x.Shape().Dimensions[0], -1)
}

func checkImages(name string, x *Node) {
	if x.Rank() != 4 {
		Panicf("nn.%s: got input %s, want [batch, height, width, channels]", name, x.Shape())
	}
}

// Normalize turns pixels [batch, height, width, channels], uint8, into (x/255 - mean)/std, float32, the steps in that order, as
// torchvision's ToTensor and Normalize do. mean and std have one value per channel.
// It panics if they have not, or pixels are of another type.
//
// The values are looked up in a table, for they are to have the same bits on every engine: XLA divides by a constant by
// multiplying with its reciprocal, which rounds differently, and an input on a tie would get another code.
func Normalize(pixels *Node, mean, std []float32) *Node {
	channels := pixels.Shape().Dimensions[pixels.Rank()-1]
	if pixels.DType() != dtypes.Uint8 || len(mean) != channels || len(std) != channels {
		Panicf("nn.Normalize: got %d means and %d deviations for pixels %s, want uint8 and one of each per channel",
			len(mean), len(std), pixels.Shape())
	}
	table := make([]float32, 256*channels) // [pixel, channel]
	for i := range table {
		table[i] = (float32(i/channels)/255 - mean[i%channels]) / std[i%channels]
	}
	return Lookup(pixels, table)
}

// Lookup replaces every pixel, [batch, height, width, channels], uint8, by its value in a table [256, channels], flat: the exact form of any
// preprocessing, on every engine. It panics if the table has another length, or pixels are of another type.
func Lookup(pixels *Node, table []float32) *Node {
	channels := pixels.Shape().Dimensions[pixels.Rank()-1]
	if pixels.DType() != dtypes.Uint8 || len(table) != 256*channels {
		Panicf("nn.Lookup: got a table of %d for pixels %s, want uint8 and 256 values per channel", len(table), pixels.Shape())
	}
	row := MulScalar(ConvertDType(pixels, dtypes.Int32), channels)
	index := Add(row, Iota(pixels.Graph(), row.Shape(), -1))
	return Gather(Const(pixels.Graph(), table), InsertAxes(index, -1))
}

// CrossEntropy is the mean over the batch of -log(softmax(logits)[label]), a scalar in nats, as PyTorch's cross_entropy.
//
//	logits  [batch, classes], float32
//	labels  [batch], int32
func CrossEntropy(logits, labels *Node) *Node {
	if logits.Rank() != 2 || labels.Rank() != 1 {
		Panicf("nn.CrossEntropy: got logits %s and labels %s, want [batch, classes] and [batch]", logits.Shape(), labels.Shape())
	}
	shifted := Sub(logits, StopGradient(ReduceAndKeep(logits, ReduceMax, -1)))
	oneHot := OneHot(labels, logits.Shape().Dimensions[1], logits.DType())
	chosen := ReduceSum(Mul(shifted, oneHot), -1)
	return ReduceAllMean(Sub(Log(ReduceSum(Exp(shifted), -1)), chosen))
}
