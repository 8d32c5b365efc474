package cpuinfo

import (
	"slices"
	"testing"
)

func TestValuesIn(t *testing.T) {
	const text = "processor\t: 0\nmodel name\t: AMD EPYC: 7B13\nflags\t\t: fpu vme\npower management:\n\nprocessor\t: 1\nmodel name\t: another\nFeatures: fp\n"
	for _, c := range []struct {
		names, want []string
	}{
		{[]string{"model name"}, []string{"AMD EPYC: 7B13"}},
		{[]string{"flags", "Features", "processor"}, []string{"fpu vme", "0"}}, // Features are the second core's alone
		{[]string{"power management"}, []string{""}},
		{[]string{"model"}, nil},
		{nil, nil},
	} {
		if got := valuesIn(text, c.names); !slices.Equal(got, c.want) {
			t.Errorf("%q: got %q, want %q", c.names, got, c.want)
		}
	}
}
