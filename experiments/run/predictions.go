package run

import (
	"path/filepath"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/weights"
	"github.com/pkg/errors"
)

// Predictions are a network's best guess for every test image, and the truth, in the order of the data set.
type Predictions struct {
	Guesses, Labels []int32
}

const guessesName, labelsName = "predictions", "labels"

func writePredictions(dir string, guesses []int32, set data.Dataset) error {
	labels := make([]int32, set.Len())
	for i := range labels {
		labels[i] = set.Label(i)
	}
	file := &weights.File{}
	for _, part := range []struct {
		name   string
		values []int32
	}{{guessesName, guesses}, {labelsName, labels}} {
		t, err := weights.NewInt32(part.name, []int{len(part.values)}, part.values)
		if err != nil {
			return err
		}
		file.Tensors = append(file.Tensors, t)
	}
	return weights.Write(filepath.Join(dir, PredictionsFile), file)
}

// Predictions reads what the final network said of every test image.
func (o Outcome) Predictions() (p Predictions, err error) {
	path := filepath.Join(o.Dir, PredictionsFile)
	file, err := weights.Read(path)
	if err != nil {
		return p, err
	}
	for name, into := range map[string]*[]int32{guessesName: &p.Guesses, labelsName: &p.Labels} {
		t, ok := file.Lookup(name)
		if !ok {
			return p, errors.Errorf("%s has no %s", path, name)
		}
		values, err := t.Int64s()
		if err != nil {
			return p, errors.WithMessage(err, path)
		}
		for _, v := range values {
			*into = append(*into, int32(v))
		}
	}
	return p, nil
}
