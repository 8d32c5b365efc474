// Package raster turns photographs into the pixels that networks were trained on: it decodes JPEG and PNG, resizes and crops as PIL and torchvision do, to the
// last bit.
//
//	picture, err := raster.Decode(file)
//	if err != nil {
//		return err
//	}
//	input := make([]uint8, 3*224*224)
//	err = raster.Standard.Apply(input, picture) // shorter side to 256, centre crop 224
//
// Decoding is that of PIL's Image.open(…).convert("RGB") with libjpeg-turbo, resizing that of its Image.resize, in its integers. Not here: other formats, colour
// profiles, rotation by EXIF (torchvision does not rotate either), the normalization to floats, which belongs to the graph.
package raster
