package finetune_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/weights"
)

// Re-estimated statistics are those that the network at the end has over the batches that calibration sees; nothing else of the training changes.
func TestReestimatedStatistics(t *testing.T) {
	train, recipe := brief(t, 2)
	trained := func(batches int) *models.Model {
		recipe.Reestimate = batches
		m := small(t)
		if _, err := finetune.Run(t.Context(), m, finetune.Sets{Train: train}, finetune.Options{Recipe: recipe, Seed: 7}); err != nil {
			t.Fatal(err)
		}
		return m
	}
	want, got := trained(0), trained(3)
	moving := tensorsOf(t, want)
	if err := want.Reestimate(t.Context(), train, 3, models.CalibrateOptions{Batch: 32, Seed: 7, Augment: recipe.Augment}); err != nil {
		t.Fatal(err)
	}
	wanted, changed := tensorsOf(t, want), 0
	for name, content := range tensorsOf(t, got) {
		if !bytes.Equal(content, wanted[name]) {
			t.Errorf("%s is not what re-estimation after the training gives", name)
		}
		if !bytes.Equal(content, moving[name]) {
			changed++
			if !strings.Contains(name, "running_") {
				t.Errorf("%s changed, which is no statistic", name)
			}
		}
	}
	if changed == 0 {
		t.Error("re-estimation changed nothing")
	}
}

// A training starts without velocities, whatever the model was trained with before, and says which rate its last step had.
func TestTrainingsFollowEachOther(t *testing.T) {
	train, recipe := brief(t, 1)
	train1 := func(m *models.Model) finetune.History {
		history, err := finetune.Run(t.Context(), m, finetune.Sets{Train: train}, finetune.Options{Recipe: recipe, Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		return history
	}
	m := small(t)
	if got, want := train1(m).Last().Rate, recipe.Rate.Rate(3, 4, 1); got != want {
		t.Errorf("rate %g at the end, want that of the fourth step, %g", got, want)
	}
	fresh, err := m.Clone() // without velocities
	if err != nil {
		t.Fatal(err)
	}
	train1(m)
	train1(fresh)
	want := tensorsOf(t, fresh)
	for name, content := range tensorsOf(t, m) {
		if !bytes.Equal(content, want[name]) {
			t.Errorf("%s is another after a training that followed one", name)
		}
	}
}

// brief is a training of four steps an epoch, in 4 bits.
func brief(t *testing.T, epochs int) (data.Dataset, finetune.Recipe) {
	t.Helper()
	train, _ := data.Synthetic(1, 4*32, 0)
	recipe, err := finetune.Get("cifar4")
	if err != nil {
		t.Fatal(err)
	}
	recipe.Batch, recipe.Epochs = 32, epochs
	return train, recipe
}

// small is a random resnet8.
func small(t *testing.T) *models.Model {
	t.Helper()
	network, err := models.Get("resnet8")
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.New(testbackend.XLA(t), network, 1)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func tensorsOf(t *testing.T, m *models.Model) map[string][]byte {
	t.Helper()
	file, err := m.File()
	if err != nil {
		t.Fatal(err)
	}
	tensors := map[string][]byte{}
	for _, tensor := range file.Tensors {
		var b bytes.Buffer
		if err := weights.Encode(&b, &weights.File{Tensors: []weights.Tensor{tensor}}, weights.Safetensors); err != nil {
			t.Fatal(err)
		}
		tensors[tensor.Name] = b.Bytes()
	}
	return tensors
}
