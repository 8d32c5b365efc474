package plot

import "testing"

// Bars start at 0 where values differ much, else near them, but not so near that a few hundredths of a percent look like a half.
func TestBarBase(t *testing.T) {
	for _, c := range []struct{ low, high, atLeast, atMost float64 }{
		{0, 1, 0, 0},
		{50, 90, 0, 0},
		{-1, 3, 0, 0},
		{70, 70, 0, 0},
		{87.6, 88.58, 87, 87.5},
		{88.59, 88.61, 87.5, 88.4},
	} {
		if got := barBase(c.low, c.high); got < c.atLeast || got > c.atMost {
			t.Errorf("bars from %g to %g start at %g, want %g to %g", c.low, c.high, got, c.atLeast, c.atMost)
		}
	}
}
