//go:build cgo && !noxla

package backend_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/backend"
)

var nan, inf = float32(math.NaN()), float32(math.Inf(1))

// What the low-precision arithmetic builds on, on every engine.
func TestNumericContract(t *testing.T) {
	for _, c := range []struct {
		name     string
		fn       func(x *Node) *Node
		in, want []float32
	}{
		{name: "round to even", fn: Round,
			in:   []float32{-3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 0.49999997, 1<<23 + 1, inf},
			want: []float32{-4, -2, -2, 0, 0, 2, 2, 4, 0, 1<<23 + 1, inf}},
		{name: "NaN through clip", fn: func(x *Node) *Node { return ClipScalar(x, -1, 1) },
			in: []float32{nan, -inf, inf, 0.5}, want: []float32{nan, -1, 1, 0.5}},
		{name: "NaN through max", fn: func(x *Node) *Node { return MaxScalar(x, 0) },
			in: []float32{nan, -2, 3}, want: []float32{nan, 0, 3}},
		{name: "squares of powers of two", fn: func(x *Node) *Node { return Mul(x, x) },
			in: []float32{0.25, 1024, 1.0 / (1 << 20)}, want: []float32{0.0625, 1 << 20, 1.0 / (1 << 40)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
				if got := run(t, b, c.fn, c.in); !slices.EqualFunc(got, c.want, sameFloat) {
					t.Errorf("got %v, want %v", got, c.want)
				}
			})
		})
	}
}

// XLA flushes denormals to zero; pure Go keeps them. Neither makes anything else out of them.
func TestDenormals(t *testing.T) {
	const denormal = 1e-40
	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
		got := run(t, b, func(x *Node) *Node { return Add(x, x) }, []float32{denormal, 1})
		if kept := float32(denormal) + float32(denormal); got[0] != 0 && got[0] != kept || got[1] != 2 {
			t.Errorf("got %v, want 0 or %g, and 2", got, kept)
		}
	})
}

func run(t *testing.T, b compute.Backend, fn func(x *Node) *Node, in []float32) []float32 {
	t.Helper()
	out, err := CallOnce(b, fn, in)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tensors.CopyFlatData[float32](out)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func sameFloat(a, b float32) bool { return a == b || a != a && b != b }

func TestDevices(t *testing.T) {
	for devices, want := range map[int]int{0: 1, 1: 1, 3: 3} {
		b, err := backend.Open(backend.Options{Config: "xla:cpu", Devices: devices})
		if err != nil {
			t.Fatal(err)
		}
		if got := b.NumDevices(); got != want {
			t.Errorf("%d devices asked for: got %d, want %d", devices, got, want)
		}
		if _, ok := b.(compute.DataInterface); !ok || !b.HasSharedBuffers() {
			t.Errorf("%d devices: buffers are not shared with the host", devices)
		}
		b.Finalize()
	}
}

// Open takes what Config says, else what the environment says, else XLA.
func TestChoice(t *testing.T) {
	for _, c := range []struct{ name, config, env, want string }{
		{name: "config", config: "go", env: "xla:cpu", want: "Go Backend"},
		{name: "environment", env: "go", want: "Go Backend"},
		{name: "default", want: "xla"},
		{name: "options", config: "xla:cpu,noshared_buffers", want: "xla"},
		{name: "old name", config: "stablehlo:cpu", want: "xla"},
	} {
		t.Setenv(compute.ConfigEnvVar, c.env)
		b, err := backend.Open(backend.Options{Config: c.config})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if b.Name() != c.want {
			t.Errorf("%s: got %s, want %s", c.name, b.Name(), c.want)
		}
		b.Finalize()
	}
}

// cpuPlugin is the installed plugin.
func cpuPlugin(t *testing.T) backend.Plugin {
	t.Helper()
	for _, plugin := range backend.List() {
		if plugin.Platform == "cpu" && plugin.Path != "" && plugin.Problem == nil {
			return plugin
		}
	}
	t.Fatal("no XLA CPU plugin is installed: run `lpq backends install cpu`")
	return backend.Plugin{}
}

func TestOpenErrors(t *testing.T) {
	plugin := cpuPlugin(t)
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	write := func(name string, content []byte) string {
		if err := os.WriteFile(path(name), content, 0o644); err != nil {
			t.Fatal(err)
		}
		return "xla:" + path(name)
	}
	head := make([]byte, 1<<20)
	if f, err := os.Open(plugin.Path); err != nil {
		t.Fatal(err)
	} else if _, err := f.ReadAt(head, 0); err != nil {
		t.Fatal(err)
	}
	cases := []struct{ name, config, want string }{
		{name: "unknown engine", config: "tensorflow", want: `backend "tensorflow" is not known: want xla:cpu`},
		{name: "forgotten prefix", config: "cpu", want: "want xla:cpu, xla:cuda"},
		{name: "unknown platform", config: "xla:abacus", want: "no file pjrt_c_api_abacus_plugin.so"},
		{name: "unknown option", config: "xla:cpu,speed=11", want: "speed"},
		{name: "missing file", config: "xla:" + path("none.so"), want: "no such file"},
		{name: "folder", config: "xla:" + dir, want: "not a regular file"},
		{name: "text", config: write("text.so", []byte("not found")), want: "not a shared library"},
		{name: "empty", config: write("empty.so", nil), want: "not a shared library"},
		{name: "cut short", config: write("cut.so", head), want: "cut short"},
	}
	if runtime.GOOS == "linux" {
		cases = append(cases, struct{ name, config, want string }{"no plugin", "xla:" + libm(t), "GetPjrtApi"})
	}
	for _, c := range cases {
		_, err := backend.Open(backend.Options{Config: c.config})
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got %v, want one line with %q", c.name, err, c.want)
		}
	}
	for _, devices := range []int{-1, 1 << 20} {
		if _, err := backend.Open(backend.Options{Config: "go", Devices: devices}); err == nil {
			t.Errorf("%d devices: no error", devices)
		}
	}
}

// libm is a shared library that is whole, and no plugin.
func libm(t *testing.T) string {
	t.Helper()
	for _, pattern := range []string{"/lib/*/libm.so.6", "/lib64/libm.so.6", "/usr/lib/*/libm.so.6", "/usr/lib/libm.so.6"} {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			return found[0]
		}
	}
	t.Skip("found no libm.so.6")
	return ""
}

func TestNoPlugin(t *testing.T) {
	if found, _ := filepath.Glob("/usr/local/lib/go*/*"); len(found) > 0 { // its only error is a malformed pattern
		t.Skip("plugins for all users are installed in /usr/local/lib")
	}
	t.Setenv("LD_LIBRARY_PATH", "")
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("PJRT_PLUGIN_LIBRARY_PATH", "")
	t.Setenv(compute.ConfigEnvVar, "")
	for config, want := range map[string]string{"": "install cpu", "xla": "install cpu", "xla:cpu": "install cpu", "xla:cuda": "install cuda"} {
		_, err := backend.Open(backend.Options{Config: config})
		if !errors.Is(err, backend.ErrNoPlugin) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got %v, want ErrNoPlugin that names `lpq backends %s`", config, err, want)
		}
	}
	list := backend.List()
	if len(list) != 3 || list[0].Problem == nil || list[1].Problem == nil || list[2].Name != "go" {
		t.Errorf("got the list %+v, want cpu and cuda with their problems, and go", list)
	}
}

func TestList(t *testing.T) {
	cpu := cpuPlugin(t)
	if !strings.HasPrefix(cpu.API, "0.") || len(cpu.Devices) != 1 || !filepath.IsAbs(cpu.Path) || cpu.Name != "xla:cpu" {
		t.Errorf("got %+v", cpu)
	}
	dir := t.TempDir()
	broken := filepath.Join(dir, "pjrt_c_api_cpu_plugin.so")
	if err := os.WriteFile(broken, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PJRT_PLUGIN_LIBRARY_PATH", dir)
	list := backend.List()
	if first := list[0]; first.Path != broken || first.Problem == nil || first.Source != "$PJRT_PLUGIN_LIBRARY_PATH" {
		t.Errorf("got first %+v, want the broken one that the user named", first)
	}
	if last := list[len(list)-1]; last.Name != "go" || last.Problem != nil {
		t.Errorf("got last %+v, want go", last)
	}
	if folders := backend.Folders(); folders[0] != dir {
		t.Errorf("got the folders %v, want %s first", folders, dir)
	}
	b, err := backend.Open(backend.Options{Config: "xla:cpu"})
	if err != nil {
		t.Fatalf("a broken plugin beside a whole one: %v", err)
	}
	b.Finalize()
}

// Install brings the real plugin's file into an empty cache, and Open loads it from there.
func TestInstallRealPlugin(t *testing.T) {
	if testing.Short() {
		t.Skip("copies 200 MB")
	}
	from := cpuPlugin(t).Path
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	plugin, err := backend.Install(context.Background(), "cpu", backend.InstallOptions{From: from})
	if err != nil {
		t.Fatal(err)
	}
	b, err := backend.Open(backend.Options{Config: "xla:cpu"})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	if !strings.Contains(b.Description(), plugin.Path) {
		t.Errorf("opened %s, want %s", b.Description(), plugin.Path)
	}
	if got := run(t, b, func(x *Node) *Node { return AddScalar(x, 1) }, []float32{41}); got[0] != 42 {
		t.Errorf("41 + 1 is %v", got)
	}
}
