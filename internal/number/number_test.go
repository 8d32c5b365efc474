package number_test

import (
	"math"
	"testing"

	"github.com/lowprec/lpnets/internal/number"
)

func TestShort(t *testing.T) {
	for x, want := range map[float64]string{
		0: "0", 0.0001: "0.0001", 0.00001: "1e-05", 0.72345: "0.723", 5: "5", 33.84: "33.8", 186: "186", 999.7: "1000", 1000: "1000", 3204.5: "3200", -3204.5: "-3200",
		123456: "123000", 1e6: "1e+06", 1.1714e10: "1.17e+10", math.Inf(1): "+Inf",
	} {
		if got := number.Short(x); got != want {
			t.Errorf("%v is %q, want %q", x, got, want)
		}
	}
	if got := number.Short(math.NaN()); got != "NaN" {
		t.Errorf("NaN is %q", got)
	}
}
