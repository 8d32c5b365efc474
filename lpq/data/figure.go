package data

import "math"

// A figure is a class of the synthetic set. Lengths are whole numbers of 1/256 pixel, here and in all of the rendering: there is
// no floating point that could be rounded or fused differently on another machine.
type figure struct {
	name string

	// distance of the point (x, y) from the figure's edge, negative inside; exact enough near the edge to anti-alias by. The figure
	// stands upright at the origin. It has 0.65 to 1.05 times the area of a circle of the radius, so that area tells little.
	// variant, 0…255, is a property drawn once per picture: how long, how thick.
	distance func(x, y, radius, variant int) int
}

// figures are ordered by likeness: neighbours are mistaken for each other most often.
var figures = []figure{
	{"circle", func(x, y, r, _ int) int { return norm(x, y) - r }},
	{"ellipse", func(x, y, r, variant int) int {
		stretch := 286 + variant*48/256 // 1.12 to 1.30: axes 1.25 to 1.70 to 1
		return ellipse(x, y, r*stretch>>8, r<<8/stretch)
	}},
	{"hexagon", func(x, y, r, _ int) int { return outermost(x, y, hexagonNormals) - r*244>>8 }},
	{"pentagon", func(x, y, r, _ int) int { return outermost(x, y, pentagonNormals) - r*238>>8 }},
	{"square", func(x, y, r, _ int) int { return max(abs(x), abs(y)) - r*227>>8 }},
	{"rhombus", func(x, y, r, variant int) int {
		// Half the acute angle has a tangent of 1/2 to 3/4: half diagonals r*long and r*long*tangent, normal (tangent, 1) up to its length.
		tangent := 128 + variant/4
		long := r * 370 >> 8
		return (abs(x)*tangent>>8 + abs(y) - long*tangent>>8) * 256 / norm(256, tangent)
	}},
	{"triangle", func(x, y, r, _ int) int { return outermost(x, y, triangleNormals) - r*199>>8 }},
	{"star", func(x, y, r, _ int) int {
		// A pentagram is where at most one of the five lines has the point on its outer side.
		return second(x, y, pentagonNormals) - r*120>>8
	}},
	{"cross", func(x, y, r, variant int) int {
		x, y = abs(x), abs(y)
		long, thick := r*282>>8, r*(90+variant/8)>>8
		return min(max(x-long, y-thick), max(x-thick, y-long))
	}},
	{"ring", func(x, y, r, variant int) int {
		outer, inner := r*276>>8, r*(90+variant/3)>>8
		d := norm(x, y)
		return max(d-outer, inner-d)
	}},
}

// vector has a length of 4096.
type vector struct{ x, y int }

// Outward normals of regular polygons, angles 90 + k*360/n degrees.
var (
	triangleNormals = []vector{{0, 4096}, {-3547, -2048}, {3547, -2048}}
	pentagonNormals = []vector{{0, 4096}, {-3896, 1266}, {-2408, -3314}, {2408, -3314}, {3896, 1266}}
	hexagonNormals  = []vector{{0, 4096}, {-3547, 2048}, {-3547, -2048}, {0, -4096}, {3547, -2048}, {3547, 2048}}
)

// outermost is how far (x, y) lies along the normal along which it lies farthest.
func outermost(x, y int, normals []vector) int {
	first := math.MinInt
	for _, n := range normals {
		first = max(first, (x*n.x+y*n.y)>>12)
	}
	return first
}

// second is how far (x, y) lies along the normal along which it lies second farthest.
func second(x, y int, normals []vector) int {
	first, next := math.MinInt, math.MinInt
	for _, n := range normals {
		d := (x*n.x + y*n.y) >> 12
		first, next = max(first, d), max(next, min(first, d))
	}
	return next
}

// ellipse approximates the distance from an ellipse with half axes a and b by F/|grad F|, F = |(x/a, y/b)| - 1.
func ellipse(x, y, a, b int) int {
	u, v := x<<12/a, y<<12/b
	scale := norm(u, v) // 4096 on the ellipse
	if scale == 0 {
		return -min(a, b)
	}
	slope := norm(u<<12/a, v<<12/b) // 2^24 * |grad F| * |(x/a, y/b)|
	return scale * (scale - 4096) / max(1, slope)
}

// norm is the length of (x, y), rounded down. IEEE 754 rounds the square root correctly everywhere.
func norm(x, y int) int { return int(math.Sqrt(float64(x*x + y*y))) }

func abs(x int) int { return max(x, -x) }
