package lpq

import (
	"fmt"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/builtin"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/data/imagenet"
	"github.com/lowprec/lpnets/lpq/models"
)

// DataOptions says how data are read; the zero value is ready.
type DataOptions struct {
	// Network is what the data are for: photographs are resized and cropped as it wants, and data that do not fit it are an error. The zero value takes any
	// data, and photographs as torchvision's networks do.
	Network models.Network
	// GroundTruth is the file that says what the pictures of a flat validation folder show; empty means that it is looked for (imagenet.Options).
	GroundTruth string
	// Bad allows damaged pictures, which are left out; nil allows none.
	Bad *imagenet.BadFiles
}

// LoadData opens the data in a folder by what it finds there: CIFAR-10's binary files, which are read into memory, or photographs in one of the layouts that
// package imagenet knows, which are read when they are needed. For "" and BuiltIn it renders the built-in images.
//
// ImageNet's validation set is Sets.Test: results are reported on it, and no choice depends on it. A folder may lack one of the two sets, which is nil then.
// Sets.Validation is left to the caller (data.Split).
//
// It returns an error for a folder that holds neither, for what data.OpenCIFAR10 and imagenet.Open return one for, and for images that do not fit the network.
func LoadData(folder string, options DataOptions) (Sets, error) {
	sets, err := openData(folder, options)
	if err != nil || options.Network.Name == "" {
		return sets, err
	}
	for _, set := range []data.Dataset{sets.Train, sets.Test} {
		if set == nil {
			continue
		}
		if err := options.Network.CheckData(set); err != nil {
			return Sets{}, errors.WithMessagef(err, "data %s do not fit%s", describeFile(folder), hint(set, options.Network))
		}
	}
	return sets, nil
}

// hint says how class folders get the numbers that a network knows.
func hint(set data.Dataset, network models.Network) string {
	if _, photographs := set.(data.Pictures); photographs && set.Shape() == network.Input && len(set.Classes()) != network.Classes {
		return fmt.Sprintf(" (class folders have ImageNet's numbers, of %d, where all are named by wnids, such as %s)", len(imagenet.Classes()), imagenet.Classes()[0].WNID)
	}
	return ""
}

func openData(folder string, options DataOptions) (sets Sets, err error) {
	if folder == "" || folder == BuiltIn {
		sets.Train, sets.Test = builtin.Data()
		return sets, nil
	}
	if !data.HasCIFAR10(folder) {
		sets.Train, sets.Test, err = imagenet.Open(folder,
			imagenet.Options{Preprocess: options.Network.Preprocess, GroundTruth: options.GroundTruth, Bad: options.Bad})
		if err == nil || options.Network.TakesPhotographs() {
			return sets, err
		} // else the error is to be about the data that the network takes
	}
	sets.Train, sets.Test, err = data.OpenCIFAR10(folder)
	return sets, err
}
