// Package cpuinfo reads what Linux says of the processor.
//
//	cpuinfo.Values("model name") // ["AMD EPYC"]
package cpuinfo

import (
	"os"
	"strings"
)

// Values are what /proc/cpuinfo has of the first core under these names, in their order; names that it lacks are left out, all of them on systems without.
func Values(names ...string) (values []string) {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return nil // not Linux
	}
	return valuesIn(string(text), names)
}

func valuesIn(text string, names []string) (values []string) {
	first, _, _ := strings.Cut(text, "\n\n")
	found := map[string]string{}
	for line := range strings.Lines(first) {
		name, value, _ := strings.Cut(line, ":")
		found[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	for _, name := range names {
		if value, ok := found[name]; ok {
			values = append(values, value)
		}
	}
	return values
}
