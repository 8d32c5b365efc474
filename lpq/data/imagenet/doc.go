// Package imagenet reads ImageNet, and folders of pictures like it, in the layouts that people have, and sees pictures as torchvision does.
//
// Open knows four layouts by what it finds:
//
//   - class folders: train/<class>/*.JPEG and val/<class>/*.JPEG. Where all folders are wnids of ImageNet's 1,000 classes, classes have ImageNet's numbers, however
//     many are there; otherwise they are numbered in the order of their names.
//   - a flat validation folder: val/*.JPEG with a file of true classes beside or in it; see Options.GroundTruth.
//   - tar shards as of WebDataset: *train*.tar and *val*.tar, or train/*.tar and val/*.tar, with entries key.jpg and key.cls, the class's number from 0.
//   - what Prepare writes: resized pictures without compression, mapped into memory; the fastest.
//
// A path that has neither train nor val is taken for the validation set itself.
//
//	train, val, err := imagenet.Open("/data/imagenet", imagenet.Options{Preprocess: raster.Standard})
//	if err != nil {
//		return err
//	}
//	loader := &data.Loader{Dataset: train, BatchSize: 256, Shuffle: true, DropLast: true, Seed: 1, Augment: data.ImageNetAugment, Workers: 16}
//
// A dataset's Image is the evaluation's view of a picture, its View is what random crops are drawn from. Pictures are read when they are asked for; memory holds
// those in work, and the list of files. Prepared shards must not be cut short while they are open: the system ends a program that reads what is gone.
//
// Not here: downloads, bounding boxes, the test set without labels, nested folders.
package imagenet
