package models_test

import (
	"context"
	"math"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/nn"
)

// numEcho is the number of classes of echo.
const numEcho = 7

var echoClasses = []string{"a", "b", "c", "d", "e", "f", "g"}

// echo is a network that answers with its seven pixels, divided by 255.
func echo(t *testing.T) *models.Model {
	t.Helper()
	mean, std := make([]float32, numEcho), slices.Repeat([]float32{1}, numEcho)
	m, err := models.New(testbackend.Go(t), models.Network{
		Name: "echo", Input: data.Shape{Height: 1, Width: 1, Channels: numEcho}, Classes: numEcho, Mean: mean, Std: std,
		Build: func(scope *model.Scope, x *Node) *Node {
			return nn.Dense(scope.In("fc"), Reshape(x, -1, numEcho)).Units(numEcho).NoBias().Done()
		},
	}, 0)
	if err != nil {
		t.Fatal(err)
	}
	identity := make([]float32, numEcho*numEcho)
	for i := range numEcho {
		identity[i*numEcho+i] = 1
	}
	if err := m.Store.GetVariable("/net/fc/weight").SetValue(tensors.FromFlatDataAndDimensions(identity, numEcho, numEcho)); err != nil {
		t.Fatal(err)
	}
	return m
}

// echoSet is images for echo.
func echoSet(t *testing.T, labels []int32, pixels ...uint8) data.Dataset {
	t.Helper()
	set, err := data.NewMemory("pixels", data.Shape{Height: 1, Width: 1, Channels: numEcho}, echoClasses, labels, pixels)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestEvaluate compares with counts by hand, for every batch size: most leave a short last batch.
func TestEvaluate(t *testing.T) {
	labels := []int32{0, 1, 2, 6, 3}
	pixels := []uint8{
		255, 0, 0, 0, 0, 0, 0, // right
		9, 8, 7, 6, 5, 4, 3, // second best
		0, 1, 0, 2, 3, 4, 5, // class 2 shares the last place with class 0, which comes first: seventh
		7, 6, 5, 4, 0, 0, 3, // fifth best
		1, 1, 1, 1, 1, 1, 1, // all equal: class 0 is the best guess, class 3 the fourth
	}
	const top1, top5 = 1, 4
	var loss float64
	for i, label := range labels {
		var sum float64
		for _, p := range pixels[i*numEcho:][:numEcho] {
			sum += math.Exp(float64(p) / 255)
		}
		loss += math.Log(sum) - float64(pixels[i*numEcho+int(label)])/255
	}
	m, set := echo(t), echoSet(t, labels, pixels...)
	for batch := range 7 { // 0: the default, which is more than there are
		var progress []int
		result, err := m.Evaluate(context.Background(), set, models.EvaluateOptions{Batch: batch, Progress: func(done, total int) {
			progress = append(progress, done, total)
		}})
		if err != nil {
			t.Fatal(err)
		}
		if result.Images != 5 || result.Top1 != top1 || result.Top5 != top5 || math.Abs(result.LossSum-loss) > 1e-6*loss {
			t.Errorf("batch %d: %+v, want %d and %d right of 5, loss %g", batch, result.Tally, top1, top5, loss)
		}
		if want := []int32{0, 0, 6, 0, 0}; !slices.Equal(result.Predictions, want) {
			t.Errorf("batch %d: predictions %v, want %v", batch, result.Predictions, want)
		}
		if last := progress[len(progress)-2:]; !slices.Equal(last, []int{5, 5}) {
			t.Errorf("batch %d: the last progress was %v", batch, last)
		}
		if result.Top1Pct() != 20 || result.Top5Pct() != 80 || math.Abs(result.Loss()-loss/5) > 1e-6 {
			t.Errorf("batch %d: %g %%, %g %%, loss %g", batch, result.Top1Pct(), result.Top5Pct(), result.Loss())
		}
	}
}

// unlabelled is a data set whose labels are wrong.
type unlabelled struct{ data.Dataset }

func (unlabelled) Label(int) int32 { return 77 }

func TestEvaluateErrors(t *testing.T) {
	ctx := context.Background()
	m := echo(t)
	one := echoSet(t, []int32{0}, 1, 2, 3, 4, 5, 6, 7)
	evaluate := func(set data.Dataset) error {
		_, err := m.Evaluate(ctx, set, models.EvaluateOptions{})
		return err
	}
	wantError(t, evaluate(echoSet(t, nil)), "pixels has no images")
	wantError(t, evaluate(noise(t, 1)), "images of noise", "network echo takes")
	fewer, err := data.NewMemory("fewer", one.Shape(), []string{"a", "b"}, []int32{0}, make([]uint8, numEcho))
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, evaluate(fewer), "fewer has 2 classes, network echo has 7")
	wantError(t, evaluate(unlabelled{one}), "image 0 has label 77")
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = m.Evaluate(canceled, one, models.EvaluateOptions{})
	wantError(t, err, "context canceled")
	_, err = m.Logits(make([]uint8, numEcho+1))
	wantError(t, err, "8 bytes of pixels")
	_, err = m.Logits(nil)
	wantError(t, err, "0 bytes of pixels")

	broken := slices.Repeat([]float32{float32(math.NaN())}, numEcho*numEcho)
	if err := m.Store.GetVariable("/net/fc/weight").SetValue(tensors.FromFlatDataAndDimensions(broken, numEcho, numEcho)); err != nil {
		t.Fatal(err)
	}
	wantError(t, evaluate(one), "the loss of image 0 is not finite", "network echo in fp32 on pixels")
}

func TestBatchFor(t *testing.T) {
	for _, test := range []struct {
		name   string
		side   int
		images int
		want   int
	}{{"small images", 32, 200, 128}, {"fewer small images", 32, 100, 100}, {"photographs", 65, 200, 32}, {"fewer photographs", 65, 5, 5}} {
		shape := data.Shape{Height: test.side, Width: test.side, Channels: 1}
		set, err := data.NewMemory(test.name, shape, []string{"a"}, make([]int32, test.images), make([]uint8, test.images*shape.Size()))
		if err != nil {
			t.Fatal(err)
		}
		if got := models.BatchFor(set); got != test.want {
			t.Errorf("%s: %d images, want %d", test.name, got, test.want)
		}
	}
}

// A set that a folder lacks is an error, not a crash.
func TestNoData(t *testing.T) {
	m := echo(t)
	_, err := m.Evaluate(t.Context(), nil, models.EvaluateOptions{})
	wantError(t, err, "no images for network echo")
	_, err = m.Observe(t.Context(), nil, models.CalibrateOptions{})
	wantError(t, err, "no images for network echo")
	wantError(t, m.Reestimate(t.Context(), nil, 1, models.CalibrateOptions{}), "no images for network echo")
}
