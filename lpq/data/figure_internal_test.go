package data

import (
	"fmt"
	"math"
	"testing"
)

type point struct{ x, y float64 }

// corners are the figures with straight edges as a geometry book gives them, in floating point and in the order of their outline.
func corners(name string, r float64, variant int) []point {
	regular := func(n int, circumradius float64) (all []point) {
		for k := range n { // the normals point up, so one side is on top
			angle := math.Pi/2 + math.Pi/float64(n) + 2*math.Pi*float64(k)/float64(n)
			all = append(all, point{circumradius * math.Cos(angle), circumradius * math.Sin(angle)})
		}
		return all
	}
	switch name {
	case "triangle":
		return regular(3, r*199/256/math.Cos(math.Pi/3))
	case "square":
		s := r * 227 / 256
		return []point{{s, s}, {-s, s}, {-s, -s}, {s, -s}}
	case "pentagon":
		return regular(5, r*238/256/math.Cos(math.Pi/5))
	case "hexagon":
		return regular(6, r*244/256/math.Cos(math.Pi/6))
	case "rhombus":
		long, tangent := r*370/256, (128+math.Floor(float64(variant)/4))/256
		return []point{{long, 0}, {0, long * tangent}, {-long, 0}, {0, -long * tangent}}
	case "star":
		inner := regular(5, r*120/256/math.Cos(math.Pi/5))
		var all []point
		for k, p := range inner { // the tip between two corners lies where the sides beside them meet
			next := inner[(k+1)%5]
			middle := point{(p.x + next.x) / 2, (p.y + next.y) / 2}
			scale := math.Cos(math.Pi/5) / math.Cos(2*math.Pi/5) * math.Hypot(p.x, p.y) / math.Hypot(middle.x, middle.y)
			all = append(all, p, point{middle.x * scale, middle.y * scale})
		}
		return all
	case "cross":
		l, w := r*282/256, r*math.Floor(90+float64(variant)/8)/256
		return []point{{l, w}, {w, w}, {w, l}, {-w, l}, {-w, w}, {-l, w}, {-l, -w}, {-w, -w}, {-w, -l}, {w, -l}, {w, -w}, {l, -w}}
	}
	return nil
}

// outlineDistance is the exact signed distance from a polygon: to the nearest side, negative where a ray crosses an odd number of sides.
func outlineDistance(polygon []point, x, y float64) float64 {
	nearest, inside := math.Inf(1), false
	for i, p := range polygon {
		q := polygon[(i+1)%len(polygon)]
		dx, dy := q.x-p.x, q.y-p.y
		along := math.Max(0, math.Min(1, ((x-p.x)*dx+(y-p.y)*dy)/(dx*dx+dy*dy)))
		nearest = math.Min(nearest, math.Hypot(x-p.x-along*dx, y-p.y-along*dy))
		if (p.y > y) != (q.y > y) && x < p.x+(y-p.y)*dx/dy {
			inside = !inside
		}
	}
	if inside {
		return -nearest
	}
	return nearest
}

// roundDistance is the exact distance from a circle or ring; of an ellipse only its sign is exact.
func roundDistance(name string, r float64, variant int, x, y float64) float64 {
	d := math.Hypot(x, y)
	switch name {
	case "circle":
		return d - r
	case "ring":
		return math.Max(d-r*276/256, r*math.Floor(90+float64(variant)/3)/256-d)
	default:
		stretch := (286 + math.Floor(float64(variant)*48/256)) / 256
		return r * (math.Hypot(x/stretch, y*stretch)/r - 1) / stretch
	}
}

// TestFigures compares the integer figures with exact geometry in floating point: inside is inside, the distance is never
// overstated near the edge, and the anti-aliased area is that of the outline.
func TestFigures(t *testing.T) {
	const tolerance = 6 // 1/256 pixel: tables and roots are rounded
	for _, f := range figures {
		for _, variant := range []int{0, 100, 255} {
			t.Run(fmt.Sprint(f.name, "/", variant), func(t *testing.T) {
				const r = 9 * pixel
				polygon := corners(f.name, r, variant)
				painted, exact := 0, 0
				for y := -16 * pixel; y < 16*pixel; y += 50 {
					for x := -16 * pixel; x < 16*pixel; x += 50 {
						var want float64
						if polygon != nil {
							want = outlineDistance(polygon, float64(x), float64(y))
						} else {
							want = roundDistance(f.name, r, variant, float64(x), float64(y))
						}
						got := float64(f.distance(x, y, r, variant))
						if math.Abs(want) > tolerance && math.Signbit(got) != math.Signbit(want) {
							t.Fatalf("(%d, %d): distance %v, want %v", x, y, got, want)
						}
						if f.name != "ellipse" && math.Abs(got) > math.Abs(want)+tolerance {
							t.Fatalf("(%d, %d): distance %v overstates %v", x, y, got, want)
						}
						painted += coverage(int(got))
						if want < 0 {
							exact += opaque
						}
					}
				}
				if ratio := float64(painted) / float64(exact); ratio < 0.97 || ratio > 1.03 {
					t.Errorf("anti-aliased area is %.3f of the exact one", ratio)
				}
				circle := math.Pi * r * r / 50 / 50 * opaque
				if ratio := float64(exact) / circle; ratio < 0.65 || ratio > 1.05 {
					t.Errorf("area is %.3f of the circle's", ratio)
				}
			})
		}
	}
}

func TestRandomTurn(t *testing.T) {
	random := newStream(1, 0, 0, 0)
	var quarters [4]int
	for range 4000 {
		cos, sin := randomTurn(&random)
		if length := math.Hypot(float64(cos), float64(sin)); math.Abs(length-turnUnit) > 2 {
			t.Fatalf("(%d, %d) has length %v, want %d", cos, sin, length, turnUnit)
		}
		angle := math.Atan2(float64(sin), float64(cos)) + math.Pi
		quarters[int(angle/(math.Pi/2))%4]++
	}
	for q, n := range quarters {
		if n < 850 || n > 1150 {
			t.Errorf("quarter %d: %d of 4000 angles", q, n)
		}
	}
}

func TestTextureIsBilinear(t *testing.T) {
	var field texture
	for i := range field {
		field[i] = 10*(i%textureSide) + 40*(i/textureSide) // linear, so that interpolation gives it back
	}
	for i := range canvasSide * canvasSide {
		x, y := centre(i)
		if got, want := field.at(x, y), (10*x+40*y)/textureCell; got != want {
			t.Fatalf("(%d, %d): got %d, want %d", x, y, got, want)
		}
	}
}

func TestGaussian(t *testing.T) {
	random := newStream(1, 0, 0, 0)
	const draws = 40_000
	sum, squares := 0.0, 0.0
	for range draws {
		x := float64(gaussian(&random))
		sum, squares = sum+x, squares+x*x
	}
	if mean, variance := sum/draws, squares/draws; math.Abs(mean) > 0.1 || math.Abs(variance-16) > 0.6 { // 5 standard errors
		t.Errorf("mean %v, variance %v, want 0, 16", mean, variance)
	}
}
