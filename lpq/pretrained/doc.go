// Package pretrained knows the weights that were published for the zoo's networks: where they are, what they are known by, and what accuracy their authors
// state; it fetches them into the user's cache.
//
//	path, err := pretrained.Pull(ctx, "resnet18", pretrained.Options{}) // asks the network, unless the file is there
//	if err != nil {
//		return err
//	}
//	file, err := weights.Read(path)
//
// A file appears in the cache when all of it is there and its sha256 is right. An interrupted Pull goes on where it was. Of several at once, in one
// process or many, the later ones wait for the first. Only Pull ever asks the network.
//
// Not here: the preprocessing that belongs to them, which the network's description has (models.Network); the reading of weight files (package weights).
package pretrained
