// Package jpeg decodes JPEG files to the planes that libjpeg [1] decodes them to, bit by bit: with its integer inverse cosine transform (ISLOW) and its
// patience with damaged data, which is also PIL's and torchvision's. Networks were trained on what libjpeg sees.
//
//	img, err := jpeg.Decode(file, 1<<26)
//	if err != nil {
//		return err
//	}
//	luma := img.Planes[0] // luma.Row(y)[x] is the level at (x, y)
//
// Sequential and progressive files of 8 bits with Huffman coding are decoded. Not here: arithmetic coding, 12 bits, lossless files, thumbnails and metadata;
// colours and the smoothing of chroma, which are package raster's; libjpeg's smoothing of progressive files that lack their last scans.
//
// [1] libjpeg-turbo 2.1; ITU-T recommendation T.81.
package jpeg
