package run

import (
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
)

// Data says what a run is trained and judged on.
type Data struct {
	Name   string `json:"name"`
	Folder string `json:"folder"` // as lpq.LoadData takes it
	Train  int    `json:"train_images"`
	// Validation images are held out of the training images: they judge what is to be chosen, so that the test images never do.
	Validation int    `json:"validation_images,omitempty"`
	Test       int    `json:"test_images"`
	SHA256     string `json:"sha256"` // see data.Hash; before anything is held out
}

// holdOutSeed draws the validation images: the same for all runs.
const holdOutSeed = 1

// HoldOut describes the same data with so many of the training images held out for validation.
func (d Data) HoldOut(n int) Data {
	d.Train, d.Validation = d.Train+d.Validation-n, n
	return d
}

// parts are the images that a run uses, of those that were loaded.
func (d Data) parts(sets lpq.Sets) lpq.Sets {
	if d.Validation > 0 {
		sets.Validation, sets.Train = data.Split(sets.Train, d.Validation, holdOutSeed)
	}
	return sets
}

// Limits shorten the data; zero takes all.
type Limits struct {
	Train int `json:"train_images,omitempty"` // the first so many
	Test  int `json:"test_images,omitempty"`
}

// OpenData loads the data of a folder, or the built-in ones, for a network, and describes them.
func OpenData(folder string, network models.Network, limits Limits) (lpq.Sets, Data, error) {
	sets, err := lpq.LoadData(folder, lpq.DataOptions{Network: network})
	if err != nil {
		return sets, Data{}, err
	}
	if sets.Train == nil || sets.Test == nil {
		return sets, Data{}, errors.Errorf("folder %s has only one set: a run is trained on one and judged on the other", folder)
	}
	for _, part := range []struct {
		set   *data.Dataset
		limit int
	}{{&sets.Train, limits.Train}, {&sets.Test, limits.Test}} {
		n := (*part.set).Len()
		if part.limit < 0 || part.limit > n {
			return sets, Data{}, errors.Errorf("%d images of %s, which has %d", part.limit, (*part.set).Name(), n)
		}
		if part.limit > 0 {
			*part.set = data.Head(*part.set, part.limit)
		}
	}
	sum, err := data.Hash(sets.Train, sets.Test)
	return sets, Data{Name: data.Kind(sets.Train), Folder: folder, Train: sets.Train.Len(), Test: sets.Test.Len(), SHA256: sum}, err
}
