// Package data delivers labelled images to training, calibration and evaluation.
//
// A Dataset gives single images by number: CIFAR-10 from its official binary files (OpenCIFAR10), pictures rendered from a seed
// (Synthetic), the caller's own pixels (NewMemory), or photographs of any size, which package imagenet opens (Pictures). A Loader turns a dataset into batches, shuffled and augmented ahead of the
// consumer; what it delivers depends on its seed, the epoch and the batch alone, never on the number of workers, so that
// training resumed in the middle of an epoch sees exactly the batches that it would have seen.
//
//	train, test, err := data.OpenCIFAR10("cifar-10-batches-bin")
//	if err != nil {
//		return err
//	}
//	train, valid := data.Split(train, 45_000, 1) // calibration and choices never see test
//	loader := &data.Loader{
//		Dataset: train, BatchSize: 128, Shuffle: true, DropLast: true, Seed: 42,
//		Augment: data.Augment{Pad: 4, Flip: true}, Workers: 2,
//	}
//	for batch, err := range loader.Epoch(ctx, epoch, 0) {
//		if err != nil {
//			return err
//		}
//		step(batch.Images, batch.Labels) // uint8 [128,32,32,3], int32 [128]
//	}
//
// Images stay uint8 here. The normalization to floats belongs to the weights, and so to the graph; nothing is ever downloaded.
package data
