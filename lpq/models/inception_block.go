package models

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/lpq/nn"
)

// inceptionBlock joins the results of branches that read the same input.
type inceptionBlock struct {
	name     string
	branches []inceptionBranch
}

// inceptionBranch is a pool, or none, then convolutions one after the other. Where ends has more than one, they all read the last of convs, and
// each gives channels of the block's output; with none the pool's result does.
type inceptionBranch struct {
	pool        inceptionPool
	convs, ends []inceptionConv
}

// inceptionConv is a convolution without bias, followed by batch normalization and ReLU.
type inceptionConv struct {
	name                             string
	channels, height, width, strides int
	padding                          inceptionPadding
}

type inceptionPadding bool

const (
	valid inceptionPadding = false // none
	same  inceptionPadding = true  // the output is as large as the input
)

type inceptionPool int

const (
	noPool   inceptionPool = iota
	meanPool               // 3x3 with stride 1
	maxPool                // 3x3 with stride 2
)

// build makes the block. Its output is one tensor with one exponent: the branches' last batch normalizations, wide values, are joined before the
// ReLU, and the quantizer of that ReLU is the only one. So no value is rounded twice; the max pool's, integer codes already, change their exponent
// by a shift. The mean pool's values lie between codes: they get a quantizer of their own before weights multiply them.
// last says that the output leads to the network's last layer.
func (b inceptionBlock) build(scope *model.Scope, x *Node, last bool) *Node {
	var joined []*Node
	block := scope.In("%s", b.name)
	for _, branch := range b.branches {
		y := x
		switch branch.pool {
		case meanPool:
			y = nn.Quantize(block.In("pool"), nn.Pool{Window: 3, Strides: 1, Padding: 1}.Mean(y)).Done()
		case maxPool:
			y = nn.Pool{Window: 3, Strides: 2}.Max(y)
		}
		for _, c := range branch.convs {
			c.name = b.name + "." + c.name
			y = c.rectified(scope, y, false)
		}
		for _, c := range branch.ends {
			c.name = b.name + "." + c.name
			joined = append(joined, c.normalized(scope, y, false))
		}
		if len(branch.ends) == 0 {
			joined = append(joined, y)
		}
	}
	relu := nn.ReLU(block.In("relu"), Concatenate(joined, -1))
	if last {
		relu.Edge()
	}
	return relu.Done()
}

// rectified is the convolution with its ReLU; first says that it is the network's first layer.
func (c inceptionConv) rectified(scope *model.Scope, x *Node, first bool) *Node {
	return nn.ReLU(scope.In("%s.relu", c.name), c.normalized(scope, x, first)).Done()
}

// normalized is the convolution without its ReLU.
func (c inceptionConv) normalized(scope *model.Scope, x *Node, first bool) *Node {
	conv := nn.Conv(scope.In("%s.conv", c.name), x).Channels(c.channels).KernelSides(c.height, c.width).Strides(c.strides)
	if c.padding == same {
		conv.PadSame()
	}
	if first {
		conv.Edge()
	}
	return nn.BatchNorm(scope.In("%s.bn", c.name), conv.Done()).Epsilon(inceptionEpsilon).Done()
}

// inceptionA has 5x5 and doubled 3x3 convolutions; pooled is the channels of the branch with the pool.
func inceptionA(pooled int) []inceptionBranch {
	return []inceptionBranch{
		{ends: []inceptionConv{{"branch1x1", 64, 1, 1, 1, same}}},
		{convs: []inceptionConv{{"branch5x5_1", 48, 1, 1, 1, same}}, ends: []inceptionConv{{"branch5x5_2", 64, 5, 5, 1, same}}},
		{
			convs: []inceptionConv{{"branch3x3dbl_1", 64, 1, 1, 1, same}, {"branch3x3dbl_2", 96, 3, 3, 1, same}},
			ends:  []inceptionConv{{"branch3x3dbl_3", 96, 3, 3, 1, same}},
		},
		{pool: meanPool, ends: []inceptionConv{{"branch_pool", pooled, 1, 1, 1, same}}},
	}
}

// inceptionB halves the image's sides.
var inceptionB = []inceptionBranch{
	{ends: []inceptionConv{{"branch3x3", 384, 3, 3, 2, valid}}},
	{
		convs: []inceptionConv{{"branch3x3dbl_1", 64, 1, 1, 1, same}, {"branch3x3dbl_2", 96, 3, 3, 1, same}},
		ends:  []inceptionConv{{"branch3x3dbl_3", 96, 3, 3, 2, valid}},
	},
	{pool: maxPool},
}

// inceptionC has 7x7 convolutions, factored; width is the channels between.
func inceptionC(width int) []inceptionBranch {
	return []inceptionBranch{
		{ends: []inceptionConv{{"branch1x1", 192, 1, 1, 1, same}}},
		{
			convs: []inceptionConv{{"branch7x7_1", width, 1, 1, 1, same}, {"branch7x7_2", width, 1, 7, 1, same}},
			ends:  []inceptionConv{{"branch7x7_3", 192, 7, 1, 1, same}},
		},
		{
			convs: []inceptionConv{
				{"branch7x7dbl_1", width, 1, 1, 1, same}, {"branch7x7dbl_2", width, 7, 1, 1, same},
				{"branch7x7dbl_3", width, 1, 7, 1, same}, {"branch7x7dbl_4", width, 7, 1, 1, same},
			},
			ends: []inceptionConv{{"branch7x7dbl_5", 192, 1, 7, 1, same}},
		},
		{pool: meanPool, ends: []inceptionConv{{"branch_pool", 192, 1, 1, 1, same}}},
	}
}

// inceptionD halves the image's sides.
var inceptionD = []inceptionBranch{
	{convs: []inceptionConv{{"branch3x3_1", 192, 1, 1, 1, same}}, ends: []inceptionConv{{"branch3x3_2", 320, 3, 3, 2, valid}}},
	{
		convs: []inceptionConv{
			{"branch7x7x3_1", 192, 1, 1, 1, same}, {"branch7x7x3_2", 192, 1, 7, 1, same}, {"branch7x7x3_3", 192, 7, 1, 1, same},
		},
		ends: []inceptionConv{{"branch7x7x3_4", 192, 3, 3, 2, valid}},
	},
	{pool: maxPool},
}

// inceptionE has branches that end in two convolutions side by side.
var inceptionE = []inceptionBranch{
	{ends: []inceptionConv{{"branch1x1", 320, 1, 1, 1, same}}},
	{
		convs: []inceptionConv{{"branch3x3_1", 384, 1, 1, 1, same}},
		ends:  []inceptionConv{{"branch3x3_2a", 384, 1, 3, 1, same}, {"branch3x3_2b", 384, 3, 1, 1, same}},
	},
	{
		convs: []inceptionConv{{"branch3x3dbl_1", 448, 1, 1, 1, same}, {"branch3x3dbl_2", 384, 3, 3, 1, same}},
		ends:  []inceptionConv{{"branch3x3dbl_3a", 384, 1, 3, 1, same}, {"branch3x3dbl_3b", 384, 3, 1, 1, same}},
	},
	{pool: meanPool, ends: []inceptionConv{{"branch_pool", 192, 1, 1, 1, same}}},
}
