package backend

import (
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/pkg/errors"
)

// Plugin is an engine that was found, or one that was looked for in vain.
type Plugin struct {
	Name     string   // what Options.Config calls it: "xla:cpu", "xla:cuda", "go"
	Platform string   // "cpu", "cuda", …
	Path     string   // absolute path of the file; empty for "go" and where there is none
	Source   string   // where it comes from: the name of a Source, or the place it was found in
	Version  string   // of the wheel it came in, where known
	API      string   // version of the PJRT interface, "0.115"; List fills it in
	Devices  []string // one description per device; List fills it in
	Problem  error    // why it cannot be used; nil if it can
}

// List describes every engine: the plugins in every folder that is searched, in the order of the search (the first
// usable one of a platform is the one that Open takes), a Plugin with its Problem for "cpu" or "cuda" where there is
// none, and "go" at the end. Plugins that look sound are loaded, to ask them for their version and devices.
func List() []Plugin {
	var list []Plugin
	found := map[string]bool{}
	for _, c := range search() {
		plugin := inspect(c)
		found[plugin.Platform] = true
		if plugin.Problem == nil {
			plugin.API, plugin.Devices, plugin.Problem = probeXLA(plugin)
		}
		list = append(list, plugin)
	}
	for _, platform := range []string{"cpu", "cuda"} {
		if !found[platform] {
			list = append(list, Plugin{Name: "xla:" + platform, Platform: platform, Problem: missing(platform)})
		}
	}
	return append(list, Plugin{Name: "go", Platform: "cpu", Source: "built in", Version: moduleVersion("github.com/gomlx/compute"),
		Devices: []string{"pure Go, slow: for comparison"}})
}

// inspect describes a candidate from its file and record alone: the plugin is not loaded.
func inspect(c candidate) Plugin {
	platform := platformOf(c.path)
	plugin := Plugin{Name: "xla:" + platform, Platform: platform, Path: c.path, Source: c.source, Problem: c.err}
	if c.record != nil {
		plugin.Source, plugin.Version = c.record.Source, c.record.Version
	}
	if plugin.Problem == nil && c.record != nil {
		plugin.Problem = checkSize(c.path, c.record.Size)
	}
	if plugin.Problem == nil {
		plugin.Problem = checkLibrary(c.path, runtime.GOARCH)
	}
	if plugin.Problem == nil {
		plugin.Problem = checkDriver(platform)
	}
	return plugin
}

// platformOf tells a plugin's platform by its file name: pjrt_c_api_cuda_plugin.so, libpjrt_cpu.so, xla_cuda_plugin.so.
func platformOf(path string) string {
	name := strings.ToLower(filepath.Base(path))
	for _, known := range []struct{ mark, platform string }{
		{"cuda", "cuda"}, {"nvidia", "cuda"}, {"gpu", "cuda"}, {"rocm", "rocm"}, {"tpu", "tpu"}, {"cpu", "cpu"},
	} {
		if strings.Contains(name, known.mark) {
			return known.platform
		}
	}
	rest, isPlugin := strings.CutPrefix(name, "pjrt_c_api_")
	if middle, _, found := strings.Cut(rest, "_plugin"); isPlugin && found {
		return middle
	}
	return "cpu"
}

// The files by which the system shows an NVIDIA GPU; variables for tests.
var (
	nvidiaDevices = []string{"/dev/nvidiactl", "/dev/dxg"} // the second one in WSL
	nvidiaDriver  = "libcuda.so.1"
)

// checkDriver tells what of a GPU's driver is missing.
func checkDriver(platform string) error {
	if platform != "cuda" || runtime.GOOS != "linux" {
		return nil
	}
	device := false
	for _, path := range nvidiaDevices {
		_, err := os.Stat(path)
		device = device || err == nil
	}
	if !device {
		return errors.Errorf("no NVIDIA GPU at hand: %s does not exist (is the driver installed? was the container given the GPU?); use --backend xla:cpu", nvidiaDevices[0])
	}
	if !canLoad(nvidiaDriver) {
		return errors.Errorf("the dynamic loader does not find the NVIDIA driver's %s: install the driver, name its folder in $LD_LIBRARY_PATH, or use --backend xla:cpu", nvidiaDriver)
	}
	return nil
}

// nvidiaDir is the folder of NVIDIA's wheels beside a CUDA plugin: where its own search path looks.
func nvidiaDir(plugin Plugin) string {
	if plugin.Platform != "cuda" {
		return ""
	}
	for _, up := range []string{"..", "../.."} {
		dir := filepath.Join(filepath.Dir(plugin.Path), up, "nvidia")
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			return dir
		}
	}
	return ""
}

// moduleVersion is the version of a module linked into this binary, "" where the binary does not know it.
func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, dep := range info.Deps {
		if dep.Path == path {
			return dep.Version
		}
	}
	return ""
}
