package run

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/gomlx/compute"
)

// Environment is what a run was made with.
type Environment struct {
	Lpnets    string            `json:"lpnets"`
	Revision  string            `json:"git_commit,omitempty"` // with "+" where files were changed since
	Go        string            `json:"go"`
	Platform  string            `json:"platform"`
	Libraries map[string]string `json:"libraries"`
	Backend   string            `json:"backend"`
	Device    string            `json:"device"` // with the plugin and its version
	CPU       string            `json:"cpu"`
	Cores     int               `json:"cores"`
}

// libraries that decide bits.
var libraries = []string{"github.com/gomlx/gomlx", "github.com/gomlx/compute", "github.com/gomlx/go-xla"}

// folders are where a plugin lies, but for the last, which names its version: they say nothing of the result.
var folders = regexp.MustCompile(`/\S*/([^/\s]+/[^/\s]+)`)

// readEnvironment describes this program on this machine.
func readEnvironment(engine compute.Backend) Environment {
	e := Environment{Lpnets: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Libraries: map[string]string{},
		Backend: engine.Name(), Device: folders.ReplaceAllString(engine.Description(), "$1"), CPU: cpu(), Cores: runtime.NumCPU()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return e
	}
	e.Lpnets = info.Main.Version
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	e.Revision = settings["vcs.revision"]
	if e.Revision == "" {
		e.Revision = sourceRevision()
	} else if settings["vcs.modified"] == "true" {
		e.Revision += "+"
	}
	for _, module := range info.Deps {
		for _, name := range libraries {
			if module.Path == name {
				e.Libraries[name] = module.Version
			}
		}
	}
	return e
}

// sourceRevision asks git for the revision of the sources that this program was built from: a notebook's cells, and tests, are built without it.
func sourceRevision() string {
	_, file, _, ok := runtime.Caller(0)
	if !ok || !filepath.IsAbs(file) {
		return ""
	}
	text, err := exec.Command("git", "-C", filepath.Dir(file), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty=+").Output()
	if err != nil {
		return "" // no git, or not a checkout: the version says what there is to say
	}
	return strings.TrimSpace(string(text))
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
