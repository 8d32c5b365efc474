// Package weights reads and writes the tensors of trained networks: safetensors files and PyTorch's, both the zip form and the
// older bare pickles (.pt, .pth, .th).
//
// The form of a file is found from its content. A file is a list of named tensors, in the order of the file, and text beside
// them; whichever form it had, the tensors come out contiguous, row-major and little-endian.
//
//	file, err := weights.Read("resnet20.th")
//	if err != nil {
//		return err // names the file, the tensor, and what is wrong with it
//	}
//	conv, ok := file.Lookup("conv1.weight")
//	values, err := conv.Float32s() // 16*3*3*3 values
//
//	file.Metadata = map[string]string{"scheme": "w4a4"}
//	err = weights.Write("resnet20.safetensors", file)
//
// Files are not trusted. Sizes are compared with the file before memory is taken, so that reading a file of n bytes takes a small
// multiple of n; a pickle rebuilds tensors and plain values only, and any other class or function in it is refused by its name.
//
// What a network does with the tensors, and the layout that it wants them in, is not decided here.
package weights
