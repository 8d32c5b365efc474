package jpeg

import (
	"math"
	"math/rand/v2"
	"testing"
)

// slowInverse is the definition of the inverse transform, T.81 section A.3.3.
func slowInverse(c *block, q *[64]uint16) (levels [64]float64) {
	scale := func(k int) float64 {
		if k == 0 {
			return math.Sqrt2 / 4
		}
		return 0.5
	}
	for i := range 64 {
		sum := 0.0
		for k := range 64 {
			u, v := k%8, k/8
			sum += scale(u) * scale(v) * float64(c[k]) * float64(q[k]) *
				math.Cos(float64(2*(i%8)+1)*float64(u)*math.Pi/16) * math.Cos(float64(2*(i/8)+1)*float64(v)*math.Pi/16)
		}
		levels[i] = min(max(sum+128, 0), 255)
	}
	return levels
}

// TestInverse: integers come within one level of the definition; IEEE 1180 allows as much.
func TestInverse(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 2000 {
		var c block
		var q [64]uint16
		for k := range c {
			q[k] = uint16(1 + random.IntN(30))
			if k == 0 || random.IntN(64) < n%64 {
				c[k] = int16(random.IntN(21) - 10)
			}
		}
		got := make([]uint8, 8*20)
		inverse(&c, &q, got, 20)
		for i, want := range slowInverse(&c, &q) {
			if level := float64(got[i/8*20+i%8]); math.Abs(level-want) > 1 {
				t.Fatalf("block %d, sample %d: got %v, want %v", n, i, level, want)
			}
		}
	}
}

func TestClip(t *testing.T) {
	for in, want := range map[int32]uint8{-1 << 31: 0, -1: 0, 0: 0, 1: 1, 255: 255, 256: 255, 1<<31 - 1: 255} {
		if got := clip(in); got != want {
			t.Errorf("%d: got %d, want %d", in, got, want)
		}
	}
}
