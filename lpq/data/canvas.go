package data

import "math/bits"

const (
	canvasSide = 32
	pixel      = 256 // lengths are in 1/256 pixel
	level      = 16  // colours are in 1/16 level of an 8-bit image, and may leave [0, 255] until the picture is exposed
	opaque     = 256 // full coverage
)

// colour is red, green, blue.
type colour [3]int

func (c colour) plus(d colour, weight, unit int) colour {
	for k := range c {
		c[k] += d[k] * weight / unit
	}
	return c
}

// canvas is a picture being painted, row by row.
type canvas [canvasSide * canvasSide]colour

// coverage of a pixel whose centre lies at this distance from an edge, negative inside.
func coverage(distance int) int { return clamp(pixel/2-distance, 0, opaque) * opaque / pixel }

// blend paints with a colour over pixel i, as far as it is covered.
func (c *canvas) blend(i int, paint colour, cover int) {
	for k, old := range c[i] {
		c[i][k] = old + (paint[k]-old)*cover/opaque
	}
}

// centre of a pixel.
func centre(i int) (x, y int) {
	return i%canvasSide*pixel + pixel/2, i/canvasSide*pixel + pixel/2
}

// stroke paints a straight line of the given half width with round ends.
func (c *canvas) stroke(x0, y0, x1, y1, half int, paint colour) {
	dx, dy := x1-x0, y1-y0
	square := max(1, dx*dx+dy*dy)
	for i := range c {
		x, y := centre(i)
		x, y = x-x0, y-y0
		along := clamp((x*dx+y*dy)*pixel/square, 0, pixel) // of the line's length, in 1/256
		if cover := coverage(norm(x-dx*along/pixel, y-dy*along/pixel) - half); cover > 0 {
			c.blend(i, paint, cover)
		}
	}
}

// texture is smooth noise: random values in [-256, 256] on a lattice with a spacing of 8 pixels, bilinear between.
type texture [textureSide * textureSide]int

const (
	textureCell = 8 * pixel
	textureSide = canvasSide/8 + 1
)

func newTexture(random *stream) *texture {
	var t texture
	for i := range t {
		t[i] = random.between(-256, 256)
	}
	return &t
}

func (t *texture) at(x, y int) int {
	i := y/textureCell*textureSide + x/textureCell
	fx, fy := x%textureCell, y%textureCell
	top := t[i]*(textureCell-fx) + t[i+1]*fx
	bottom := t[i+textureSide]*(textureCell-fx) + t[i+textureSide+1]*fx
	return (top*(textureCell-fy) + bottom*fy) / (textureCell * textureCell)
}

// gaussian is very nearly normal, with mean 0 and standard deviation 4: the number of ones of 64 random bits.
func gaussian(random *stream) int { return bits.OnesCount64(random.next()) - 32 }
