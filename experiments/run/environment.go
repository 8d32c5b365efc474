package run

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"

	"github.com/gomlx/compute"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/internal/buildinfo"
	"github.com/lowprec/lpnets/internal/cpuinfo"
	"github.com/lowprec/lpnets/lpq/backend"
)

// Environment is what a run was made with.
type Environment struct {
	buildinfo.Info
	Backend string `json:"backend"`
	Device  string `json:"device"` // with the plugin and its version
	Flags   string `json:"xla_flags,omitempty"`
	CPU     string `json:"cpu"`
	Cores   int    `json:"cores"`
	// Before has the environments of the attempts before the last one, as far as they differ from the one after, the oldest first: a run that is resumed
	// elsewhere need not end with the bits of one that is not.
	Before []Environment `json:"before,omitempty"`
}

// folders are where a plugin lies, but for the last, which names its version: they say nothing of the result.
var folders = regexp.MustCompile(`/\S*/([^/\s]+/[^/\s]+)`)

// readEnvironment describes this program on this machine.
func readEnvironment(engine compute.Backend) Environment {
	return Environment{Info: buildinfo.Read(), Backend: engine.Name(), Device: folders.ReplaceAllString(engine.Description(), "$1"),
		Flags: backend.Flags(engine), CPU: strings.Join(cpuinfo.Values("model name"), ""), Cores: runtime.NumCPU()}
}

// record keeps the environment of an attempt in a run's folder, and before it those of attempts that were interrupted.
func (e Environment) record(dir string) error {
	path := filepath.Join(dir, EnvironmentFile)
	var last Environment
	switch err := readJSON(path, &last); {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return err
	default:
		before := last.Before
		last.Before = nil
		if !reflect.DeepEqual(last, e) {
			before = append(before, last)
		}
		e.Before = before
	}
	return writeJSON(path, e)
}
