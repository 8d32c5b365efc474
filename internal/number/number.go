// Package number writes measured quantities for people.
package number

import (
	"math"
	"strconv"
)

// Short is x with three significant digits, plain from 0.0001 to below a million and in scientific notation beyond: 3200, 1.17e+10.
func Short(x float64) string {
	const significant, least, most = 3, 1e-4, 1e6
	text := strconv.FormatFloat(x, 'g', significant, 64)
	if magnitude := math.Abs(x); !(magnitude >= least && magnitude < most) {
		return text
	}
	rounded, _ := strconv.ParseFloat(text, 64) // just formatted
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}
