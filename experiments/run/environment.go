package run

import (
	"os"
	"regexp"
	"runtime"
	"strings"

	"github.com/gomlx/compute"

	"github.com/lowprec/lpnets/internal/buildinfo"
)

// Environment is what a run was made with.
type Environment struct {
	buildinfo.Info
	Backend string `json:"backend"`
	Device  string `json:"device"` // with the plugin and its version
	CPU     string `json:"cpu"`
	Cores   int    `json:"cores"`
}

// folders are where a plugin lies, but for the last, which names its version: they say nothing of the result.
var folders = regexp.MustCompile(`/\S*/([^/\s]+/[^/\s]+)`)

// readEnvironment describes this program on this machine.
func readEnvironment(engine compute.Backend) Environment {
	return Environment{Info: buildinfo.Read(), Backend: engine.Name(), Device: folders.ReplaceAllString(engine.Description(), "$1"),
		CPU: cpu(), Cores: runtime.NumCPU()}
}

// cpu is the processor's name, where the system tells.
func cpu() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "" // not Linux
	}
	for line := range strings.Lines(string(text)) {
		if key, value, _ := strings.Cut(line, ":"); strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
