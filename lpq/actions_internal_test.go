package lpq

import "testing"

// The loader's speed says something only where training may wait for it.
func TestDescribeSpeed(t *testing.T) {
	for _, c := range []struct {
		training, loader float64
		want             string
	}{
		{2108.2, 1043212, "2108 images/s"}, {9.54, 11.2, "9.5 images/s (loader 11)"}, {100, 299, "100 images/s (loader 299)"}, {100, 300, "100 images/s"},
		{100, 0, "100 images/s"}, {0, 50, "0.0 images/s"},
	} {
		if got := describeSpeed(c.training, c.loader); got != c.want {
			t.Errorf("%g of %g: %q, want %q", c.training, c.loader, got, c.want)
		}
	}
}
