package raster

import (
	"bytes"
	"image"
	"image/color"
	"image/png"

	"github.com/pkg/errors"
)

// MaxPixels is the largest picture that is decoded: where PIL begins to warn of decompression bombs (Image.MAX_IMAGE_PIXELS, a quarter of a gigabyte of
// RGB). Decoding one takes four times that in the worst case, a PNG of 16 bits with transparency.
const MaxPixels = 1 << 30 / 4 / 3

// MaxFile is the size in bytes of the largest file worth reading.
const MaxFile = 256 << 20

var (
	jpegMagic = []byte("\xff\xd8\xff")
	pngMagic  = []byte("\x89PNG\r\n\x1a\n")
)

// Decode returns the picture in a JPEG or PNG file as PIL's Image.open(…).convert("RGB") does; the format is known by the content, not by the name.
//
// JPEG: sequential and progressive, grey, YCbCr, RGB, CMYK and YCCK, in all their resolutions of chroma. EXIF's orientation is ignored, as by
// torchvision's ImageFolder.
// PNG: all kinds. Transparency is dropped, not blended; of 16-bit colours the high byte is kept, while 16-bit grey is clipped at 255.
//
// It returns an error if the file is neither, damaged, cut short, of a kind that is not supported (12 bits, arithmetic coding), or has more than MaxPixels.
func Decode(file []byte) (*RGB, error) {
	switch {
	case bytes.HasPrefix(file, jpegMagic):
		return decodeJPEG(file)
	case bytes.HasPrefix(file, pngMagic):
		return decodePNG(file)
	}
	return nil, errors.Errorf("neither JPEG nor PNG: it begins with %q", file[:min(len(file), 8)])
}

// Offsets of bytes of the header, and the colour type of grey without alpha; PNG, section 11.2.1.
const (
	pngDepth      = 8 + 8 + 8
	pngColourType = 8 + 8 + 9
	pngGrey       = 0
)

// deflateRatio is more than any data can be compressed to: 1032 to 1, by zlib's documentation.
const deflateRatio = 1033

func decodePNG(file []byte) (*RGB, error) {
	size, err := png.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, errors.WithStack(err)
	}
	if size.Width < 1 || size.Height < 1 || size.Width > MaxPixels/size.Height {
		return nil, errors.Errorf("PNG of %dx%d, want 1 to %d pixels", size.Width, size.Height, MaxPixels)
	}
	if bits := size.Width * size.Height * int(file[pngDepth]); bits/8 > deflateRatio*len(file) {
		return nil, errors.Errorf("PNG of %dx%d in %d bytes: the file is cut short", size.Width, size.Height, len(file))
	}
	decoded, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, errors.WithStack(err)
	}
	switch decoded := decoded.(type) {
	case *image.Gray:
		return fromGray(decoded), nil
	case *image.RGBA:
		return fromRGBA(decoded.Pix, decoded.Stride, decoded.Rect), nil
	case *image.NRGBA:
		return fromRGBA(decoded.Pix, decoded.Stride, decoded.Rect), nil
	case *image.Paletted:
		return fromPaletted(decoded), nil
	case *image.Gray16:
		return fromWide(decoded.Pix, 2, decoded.Rect, [3]int{}, clipWide), nil
	case *image.RGBA64:
		return fromWide(decoded.Pix, 8, decoded.Rect, [3]int{0, 2, 4}, highByte), nil
	case *image.NRGBA64:
		level := highByte
		if file[pngColourType] == pngGrey { // with a transparent level
			level = clipWide
		}
		return fromWide(decoded.Pix, 8, decoded.Rect, [3]int{0, 2, 4}, level), nil
	}
	return nil, errors.Errorf("PNG of an unexpected kind %T", decoded)
}

func highByte(high, _ uint8) uint8 { return high }

// clipWide is PIL's conversion of 16-bit grey, which it takes for an integer.
func clipWide(high, low uint8) uint8 {
	if high > 0 {
		return 255
	}
	return low
}

// fromWide takes samples of two bytes at three offsets of pixels of size bytes.
func fromWide(pix []uint8, size int, bounds image.Rectangle, offsets [3]int, level func(high, low uint8) uint8) *RGB {
	picture := NewRGB(bounds.Dx(), bounds.Dy())
	for i := range picture.Width * picture.Height {
		for k, offset := range offsets {
			picture.Pix[3*i+k] = level(pix[size*i+offset], pix[size*i+offset+1])
		}
	}
	return picture
}

func fromGray(img *image.Gray) *RGB {
	picture := NewRGB(img.Rect.Dx(), img.Rect.Dy())
	for y := range picture.Height {
		grey := img.Pix[y*img.Stride : y*img.Stride+picture.Width]
		interleave(picture.row(y), grey, grey, grey)
	}
	return picture
}

// fromRGBA drops the fourth byte of every pixel.
func fromRGBA(pix []uint8, stride int, bounds image.Rectangle) *RGB {
	picture := NewRGB(bounds.Dx(), bounds.Dy())
	for y := range picture.Height {
		row, from := picture.row(y), pix[y*stride:]
		for x := range picture.Width {
			row[3*x], row[3*x+1], row[3*x+2] = from[4*x], from[4*x+1], from[4*x+2]
		}
	}
	return picture
}

func fromPaletted(img *image.Paletted) *RGB {
	var palette [256][3]uint8
	for i, c := range img.Palette {
		// color.NRGBA where the palette has transparency, whose red, green and blue are kept even then; color.RGBA otherwise
		switch c := c.(type) {
		case color.RGBA:
			palette[i] = [3]uint8{c.R, c.G, c.B}
		case color.NRGBA:
			palette[i] = [3]uint8{c.R, c.G, c.B}
		}
	}
	picture := NewRGB(img.Rect.Dx(), img.Rect.Dy())
	for y := range picture.Height {
		row := picture.row(y)
		for x, index := range img.Pix[y*img.Stride : y*img.Stride+picture.Width] {
			copy(row[3*x:3*x+3], palette[index][:])
		}
	}
	return picture
}
