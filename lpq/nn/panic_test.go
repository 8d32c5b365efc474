package nn_test

import (
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/nn"
)

// TestWrongShapes checks that a layer that does not fit says which one it is, and what it wants.
func TestWrongShapes(t *testing.T) {
	image, row := random(1, 1, 4, 4, 3), random(2, 2, 5)
	b := testbackend.Go(t)
	for _, test := range []struct {
		name  string
		x     any
		layer func(scope *model.Scope, x *Node) *Node
		parts []string
	}{
		{"convolution of rows", row, func(s *model.Scope, x *Node) *Node { return nn.Conv(s.In("stem"), x).Channels(2).Done() },
			[]string{"nn.Conv", "/stem", "[batch, height, width, channels]"}},
		{"convolution without channels", image, func(s *model.Scope, x *Node) *Node { return nn.Conv(s.In("stem"), x).Done() },
			[]string{"nn.Conv", "/stem", "0 output channels"}},
		{"groups that do not divide", image, func(s *model.Scope, x *Node) *Node { return nn.Conv(s.In("stem"), x).Channels(4).Groups(2).Done() },
			[]string{"nn.Conv", "/stem", "3 input channels", "2 groups"}},
		{"kernel larger than the image", image, func(s *model.Scope, x *Node) *Node { return nn.Conv(s.In("stem"), x).Channels(4).Kernel(5).Done() },
			[]string{"nn.Conv", "/stem", "kernel [5 5]"}},
		{"kernel of nothing", image, func(s *model.Scope, x *Node) *Node { return nn.Conv(s.In("stem"), x).Channels(4).Kernel(0).Done() },
			[]string{"nn.Conv", "/stem", "kernel [0 0]"}},
		{"no strides", image, func(s *model.Scope, x *Node) *Node { return nn.Conv(s.In("stem"), x).Channels(4).Strides(0).Done() },
			[]string{"nn.Conv", "/stem", "strides 0"}},
		{"negative padding", image, func(s *model.Scope, x *Node) *Node { return nn.Conv(s.In("stem"), x).Channels(4).Padding(-1).Done() },
			[]string{"nn.Conv", "/stem", "padding -1"}},
		{"dense layer of images", image, func(s *model.Scope, x *Node) *Node { return nn.Dense(s.In("fc"), x).Units(2).Done() },
			[]string{"nn.Dense", "/fc", "[batch, in]"}},
		{"dense layer without units", row, func(s *model.Scope, x *Node) *Node { return nn.Dense(s.In("fc"), x).Done() },
			[]string{"nn.Dense", "/fc", "0 units"}},
		{"batch norm of a vector", []float32{1, 2}, func(s *model.Scope, x *Node) *Node { return nn.BatchNorm(s.In("bn"), x).Done() },
			[]string{"nn.BatchNorm", "/bn", "[batch, ..., channels]"}},
		{"shortcut to fewer channels", image, func(_ *model.Scope, x *Node) *Node { return nn.ShortcutA(x, 1, 1) },
			[]string{"nn.ShortcutA", "1 channels"}},
		{"shortcut to an odd number more", image, func(_ *model.Scope, x *Node) *Node { return nn.ShortcutA(x, 4, 1) },
			[]string{"nn.ShortcutA", "even number"}},
		{"shortcut of rows", row, func(_ *model.Scope, x *Node) *Node { return nn.ShortcutA(x, 5, 1) },
			[]string{"nn.ShortcutA", "[batch, height, width, channels]"}},
		{"pool of rows", row, func(_ *model.Scope, x *Node) *Node { return nn.GlobalMeanPool(x) },
			[]string{"nn.GlobalMeanPool", "[batch, height, width, channels]"}},
		{"normalization with too few means", [][][][]uint8{{{{1, 2, 3}}}}, func(_ *model.Scope, x *Node) *Node { return nn.Normalize(x, []float32{1}, []float32{1}) },
			[]string{"nn.Normalize", "1 means"}},
		{"convolution with two paddings", image, func(s *model.Scope, x *Node) *Node {
			return nn.Conv(s.In("stem"), x).Channels(4).Kernel(3).Padding(1).PadSame().Done()
		}, []string{"nn.Conv", "/stem", "padding 1 (SAME: true)"}},
		{"lookup in a short table", [][][][]uint8{{{{1, 2, 3}}}}, func(_ *model.Scope, x *Node) *Node { return nn.Lookup(x, make([]float32, 256)) },
			[]string{"nn.Lookup", "table of 256"}},
		{"flattening of rows", row, func(_ *model.Scope, x *Node) *Node { return nn.Flatten(x) },
			[]string{"nn.Flatten", "[batch, height, width, channels]"}},
		{"normalization of floats", image, func(_ *model.Scope, x *Node) *Node { return nn.Normalize(x, make([]float32, 3), make([]float32, 3)) },
			[]string{"nn.Normalize", "uint8"}},
		{"cross entropy of images", image, func(_ *model.Scope, x *Node) *Node { return nn.CrossEntropy(x, x) },
			[]string{"nn.CrossEntropy", "[batch, classes]"}},
	} {
		t.Run(test.name, func(t *testing.T) { wantPanic(t, b, model.NewStore(), test.layer, test.x, test.parts...) })
	}
}
