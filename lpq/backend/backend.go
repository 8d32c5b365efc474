package backend

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"github.com/pkg/errors"
)

// Options say which engine runs the graphs.
type Options struct {
	// Config is "xla:cpu", "xla:cuda", "go" or "xla:/absolute/path/plugin.so", with go-xla's options behind it
	// ("xla:cuda,tf32=false"). Empty means $GOMLX_BACKEND, else xla:cuda where a CUDA plugin and an NVIDIA driver and
	// device are, else xla:cpu.
	Config string

	// Devices is the number of devices: on a CPU so many are made out of the one there is (default 1), on CUDA the
	// first so many are taken (default all). Ignored by "go".
	Devices int
}

// maxDevices bounds Options.Devices: each CPU device costs threads and memory.
const maxDevices = 1024

// xlaNames are the names under which go-xla registers itself.
var xlaNames = []string{"xla", "stablehlo", "hlo", "shlo"}

// Open starts the engine that options name.
//
// It never downloads anything and never falls back to another engine than the one asked for. It returns an error of one
// line that says what is missing, and how to install it, where the plugin (errors.Is ErrNoPlugin), the driver or the
// device is not there, and where the plugin's file is damaged.
func Open(options Options) (compute.Backend, error) {
	if options.Devices < 0 || options.Devices > maxDevices {
		return nil, errors.Errorf("backend: %d devices asked for, want 1 to %d (0 for the default)", options.Devices, maxDevices)
	}
	config := strings.TrimSpace(options.Config)
	if config == "" {
		config = strings.TrimSpace(os.Getenv(compute.ConfigEnvVar))
	}
	engine, rest, _ := strings.Cut(config, ":")
	switch {
	case engine == "go":
		b, err := gobackend.New(rest)
		return b, errors.Wrapf(err, "backend %q", config)
	case config == "" || slices.Contains(xlaNames, engine):
		return openXLA(parseTarget(rest), options.Devices)
	}
	return nil, errors.Errorf("backend %q is not known: want xla:cpu, xla:cuda, xla:/path/to/plugin.so or go", config)
}

// target is an XLA plugin as the user names it.
type target struct {
	platform string // "cpu", "cuda", …; empty for the best at hand
	path     string // absolute path of the plugin, where the user gave one
	options  string // go-xla's, "name=value,name=value"
}

func (t target) String() string {
	if t.path != "" {
		return "xla:" + t.path
	}
	return "xla:" + t.platform
}

// parseTarget reads what stands behind "xla:".
func parseTarget(s string) target {
	name, options, _ := strings.Cut(s, ",")
	t := target{platform: name, options: options}
	if filepath.IsAbs(name) {
		t.path, t.platform = name, platformOf(name)
	}
	return t
}

// openXLA finds the plugin, checks its file and what it needs, and only then loads it.
func openXLA(t target, devices int) (compute.Backend, error) {
	if t.platform == "" {
		t.platform = bestPlatform()
	}
	if !xlaLinked {
		return nil, errors.Errorf("backend %s: %v", t, errNoXLA)
	}
	plugin, err := find(t)
	if err != nil {
		return nil, errors.WithMessagef(err, "backend %s", t)
	}
	if plugin.Problem != nil {
		return nil, errors.WithMessagef(plugin.Problem, "backend %s", t)
	}
	b, err := loadXLA(plugin, t.options, devices)
	return b, errors.WithMessagef(err, "backend %s", t)
}

// bestPlatform is "cuda" where a CUDA plugin is and a driver and device to run it, else "cpu".
func bestPlatform() string {
	if checkDriver("cuda") != nil {
		return "cpu"
	}
	if plugin, err := find(target{platform: "cuda"}); err != nil || plugin.Problem != nil {
		return "cpu"
	}
	return "cuda"
}

// find returns the first plugin of the platform that can be used, or the first one with its problem, or an error that
// says how to install one.
func find(t target) (Plugin, error) {
	if t.path != "" {
		return inspect(candidate{path: t.path, source: "named by its path"}), nil
	}
	var found []Plugin
	for _, c := range search() {
		if platformOf(c.path) != t.platform {
			continue
		}
		plugin := inspect(c)
		if plugin.Problem == nil {
			return plugin, nil
		}
		found = append(found, plugin)
	}
	if len(found) == 0 {
		return Plugin{}, missing(t.platform)
	}
	return found[0], nil
}

// ErrNoPlugin says that no plugin of the platform is installed; errors.Is tells.
var ErrNoPlugin = errors.New("no plugin is installed")

// missingError is an ErrNoPlugin that says what to do.
type missingError string

func (e missingError) Error() string        { return string(e) }
func (e missingError) Is(target error) bool { return target == ErrNoPlugin }

// missing is the error for a platform without a plugin.
func missing(platform string) error {
	text := "no file " + pluginFile(platform) + " in the folders that `lpq backends` lists; want xla:cpu, xla:cuda, xla:/path/to/plugin.so or go"
	if platform == "cpu" || platform == "cuda" {
		text = "no plugin is installed; run `lpq backends install " + platform + "`"
	}
	if err := checkDriver(platform); err != nil {
		text += "; besides, " + err.Error()
	}
	return errors.WithStack(missingError(text))
}

// HasXLA tells whether XLA is part of this binary: not with the build tag noxla, without cgo, or on a system that XLA is
// not made for.
func HasXLA() bool { return xlaLinked }

// flagsOfEngines has what $XLA_FLAGS said when an engine was opened.
var flagsOfEngines sync.Map // compute.Backend -> string

// Flags are the flags that XLA compiles by in an engine: those of the plugin's source for this processor, then those of $XLA_FLAGS. They are empty for
// engines that are not XLA's. Results depend on them, in the last bits.
func Flags(engine compute.Backend) string {
	flags, _ := flagsOfEngines.Load(engine)
	text, _ := flags.(string)
	return text
}
