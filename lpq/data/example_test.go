package data_test

import (
	"context"
	"fmt"

	"github.com/lowprec/lpnets/lpq/data"
)

// Training batches come shuffled and augmented; validation images are split off, so that no choice ever sees the test set.
func ExampleLoader() {
	train, _ := data.Synthetic(1, 100, 20)
	train, valid := data.Split(train, 80, 1)
	fmt.Println(train.Len(), "to train,", valid.Len(), "to validate")

	loader := &data.Loader{
		Dataset: train, BatchSize: 32, Shuffle: true, DropLast: true, Seed: 42,
		Augment: data.Augment{Pad: 4, Flip: true}, Workers: 2,
	}
	for batch, err := range loader.Epoch(context.Background(), 0, 0) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("batch", batch.Index, "of", loader.Batches(), "has", batch.Size, "images in", len(batch.Images), "bytes")
	}
	// Output:
	// 80 to train, 20 to validate
	// batch 0 of 2 has 32 images in 98304 bytes
	// batch 1 of 2 has 32 images in 98304 bytes
}

func ExampleNewSynthetic() {
	options := data.DefaultSynthetic()
	options.Train, options.Test, options.Noise = 20, 10, 0 // easier than the built-in set
	train, test, err := data.NewSynthetic(options)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(train.Len(), test.Len(), train.Shape(), train.Classes()[train.Label(7)])
	// Output: 20 10 {32 32 3} star
}

func ExampleOpenCIFAR10() {
	_, _, err := data.OpenCIFAR10("no-such-folder")
	fmt.Println(err)
	// Output: reading CIFAR-10 (if it is not there, unpack cifar-10-binary.tar.gz of https://www.cs.toronto.edu/~kriz/cifar.html again and name its folder cifar-10-batches-bin): stat no-such-folder: no such file or directory
}
