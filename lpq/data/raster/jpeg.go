package raster

import (
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/data/jpeg"
)

// decodeJPEG decodes and converts as libjpeg and PIL do by default.
func decodeJPEG(file []byte) (*RGB, error) {
	decoded, err := jpeg.Decode(file, MaxPixels)
	if err != nil {
		return nil, err
	}
	convert, ok := conversions[decoded.Colours]
	if !ok {
		return nil, errors.Errorf("JPEG of unknown colours %d", decoded.Colours)
	}
	picture := NewRGB(decoded.Width, decoded.Height)
	sources := make([]*upsampler, len(decoded.Planes))
	for i := range decoded.Planes {
		sources[i] = newUpsampler(&decoded.Planes[i], picture.Width)
	}
	rows := make([][]uint8, len(sources))
	for y := range picture.Height {
		for i, source := range sources {
			rows[i] = source.row(y)
		}
		convert(picture.row(y), rows)
	}
	return picture, nil
}

// conversions write a row [width, 3] of RGB from a row [width] of every plane.
var conversions = map[jpeg.Colours]func(rgb []uint8, planes [][]uint8){
	jpeg.Grey:  func(rgb []uint8, planes [][]uint8) { interleave(rgb, planes[0], planes[0], planes[0]) },
	jpeg.RGB:   func(rgb []uint8, planes [][]uint8) { interleave(rgb, planes[0], planes[1], planes[2]) },
	jpeg.YCbCr: func(rgb []uint8, planes [][]uint8) { fromYCbCr(rgb, planes[0], planes[1], planes[2]) },
	jpeg.CMYK: func(rgb []uint8, planes [][]uint8) {
		interleave(rgb, planes[0], planes[1], planes[2])
		addBlack(rgb, planes[3])
	},
	jpeg.YCCK: func(rgb []uint8, planes [][]uint8) {
		fromYCbCr(rgb, planes[0], planes[1], planes[2])
		invert(rgb)
		addBlack(rgb, planes[3])
	},
}

func interleave(rgb, red, green, blue []uint8) {
	green, blue = green[:len(red)], blue[:len(red)]
	for x := range red {
		pixel := rgb[3*x : 3*x+3 : 3*x+3]
		pixel[0], pixel[1], pixel[2] = red[x], green[x], blue[x]
	}
}

func invert(row []uint8) {
	for i, level := range row {
		row[i] = 255 - level
	}
}

// addBlack turns a row of inverted cyan, magenta and yellow and one of inverted black into RGB, as PIL does (Convert.c, cmyk2rgb): with inks c and k
// from 0 to 1 a level is (1-c)*(1-k), computed as (1-k) - c*(1-k).
func addBlack(row, black []uint8) {
	for x, light := range black {
		for i := 3 * x; i < 3*x+3; i++ {
			row[i] = light - product(255-row[i], light)
		}
	}
}

// product is a*b/255, rounded; it is never more than b.
func product(a, b uint8) uint8 {
	t := int(a)*int(b) + 128
	return uint8((t>>8 + t) >> 8)
}

// chroma has its contributions to RGB in 1/65536, as libjpeg's tables have them (jdcolor.c, build_ycc_rgb_table). JFIF's colours, with Cb and Cr
// counted from 128: R = Y + 1.402 Cr, G = Y - 0.34414 Cb - 0.71414 Cr, B = Y + 1.772 Cb.
var chroma = func() (t struct{ red, blue, greenRed, greenBlue [256]int32 }) {
	const half = 1 << 15
	for i := range int32(256) {
		x := i - 128
		t.red[i] = (91881*x + half) >> 16
		t.blue[i] = (116130*x + half) >> 16
		t.greenRed[i] = -46802 * x
		t.greenBlue[i] = -22554*x + half
	}
	return t
}()

// fromYCbCr converts a row.
func fromYCbCr(rgb, luma, blue, red []uint8) {
	blue, red = blue[:len(luma)], red[:len(luma)]
	for x, level := range luma {
		y, cb, cr := int32(level), blue[x], red[x]
		pixel := rgb[3*x : 3*x+3 : 3*x+3]
		pixel[0] = clip(y + chroma.red[cr])
		pixel[1] = clip(y + (chroma.greenBlue[cb]+chroma.greenRed[cr])>>16)
		pixel[2] = clip(y + chroma.blue[cb])
	}
}

// clip brings a level into 0…255.
func clip(level int32) uint8 {
	if uint32(level) > 255 {
		return uint8(^level >> 31) // 0 if negative, else 255
	}
	return uint8(level)
}
