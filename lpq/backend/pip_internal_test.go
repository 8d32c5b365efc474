//go:build unix

package backend

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// usePython makes a shell script the only Python of the test. $dest and $target are the folders that pip is told.
func usePython(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	head := `#!/bin/sh
all="$*"
while [ $# -gt 0 ]; do
	case "$1" in
	--dest) dest="$2" ;;
	--target) target="$2" ;;
	--requirement) list="$2" ;;
	esac
	shift
done
case "$all" in *--version*) is_version=1 ;; esac
`
	writeTo(t, filepath.Join(dir, "python3"), []byte(head+script), 0o755)
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	if script == "" {
		t.Setenv("PATH", t.TempDir())
	}
}

func TestInstallWithPip(t *testing.T) {
	wheel := zipOf(t, entry{inWheel, library(t, 5000)})
	file := writeTo(t, filepath.Join(t.TempDir(), "made_up-1.0-py3-none-any.whl"), wheel, 0o644)
	other := writeTo(t, filepath.Join(t.TempDir(), "made_up-1.0-py3-none-any.whl"), append(wheel, 0), 0o644)
	deliver := func(file string) string {
		return fmt.Sprintf(`[ $is_version ] && exit 0; grep -q "made-up==1.0 --hash=sha256:%s" $list && cp %s $dest`, sumOf(wheel), file)
	}
	for _, c := range []struct{ name, python, want string }{
		{name: "delivers", python: deliver(file)},
		{name: "delivers another file", python: deliver(other), want: "want " + sumOf(wheel)},
		{name: "delivers nothing", python: "exit 0", want: "it brought 0"},
		{name: "fails", python: `[ $is_version ] && exit 0; echo "WARNING: x" >&2; echo "ERROR: No matching distribution" >&2; echo "hint" >&2; exit 1`,
			want: "pip: ERROR: No matching distribution"},
		{name: "no pip, but venv", python: `case "$all" in "-m venv "*) d="${all#-m venv }"; mkdir -p "$d/bin"
			printf '#!/bin/sh\nwhile [ "$1" != --dest ]; do shift; done; cp ` + file + ` $2\n' >"$d/bin/python"; chmod +x "$d/bin/python"; exit 0;; esac; exit 1`},
		{name: "neither pip nor venv", python: "exit 1", want: "has neither pip nor venv"},
		{name: "no python", python: "", want: "found no python3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := useHome(t)
			useSource(t, wheel)
			usePython(t, c.python)
			plugin, err := Install(context.Background(), "cpu", InstallOptions{})
			files := filesUnder(t, home)
			if c.want == "" {
				if err != nil || plugin.Problem != nil || len(files) != 2 {
					t.Errorf("got %+v, %v, files %v", plugin, err, files)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got error %v, want one line with %q", err, c.want)
			}
			if err != nil && !strings.Contains(c.name, "deliver") && !strings.Contains(err.Error(), "--from FILE") {
				t.Errorf("the error %v does not name the way out", err)
			}
			if len(files) != 0 {
				t.Errorf("a failed installation left %v", files)
			}
		})
	}
}

func TestInstallIsInterrupted(t *testing.T) {
	home := useHome(t)
	useSource(t, nil)
	usePython(t, `[ $is_version ] && exit 0; exec sleep 30`)
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := Install(ctx, "cpu", InstallOptions{})
	if err == nil || !strings.Contains(err.Error(), "deadline") || time.Since(start) > 10*time.Second {
		t.Errorf("got %v after %s", err, time.Since(start))
	}
	if files := filesUnder(t, home); len(files) != 0 {
		t.Errorf("left %v", files)
	}
}

// pip lays the CUDA plugin out with NVIDIA's wheels; it is found in there, and says what it misses.
func TestInstallCUDA(t *testing.T) {
	home := useHome(t)
	source, err := pickSource("cuda", "", "linux/amd64")
	if err != nil {
		t.Fatal(err)
	}
	old := sources
	t.Cleanup(func() { sources = old })
	source.SHA256 = map[string]string{thisSystem: source.SHA256["linux/amd64"]}
	sources = []Source{source}
	lib := writeTo(t, filepath.Join(t.TempDir(), "lib.so"), library(t, 100), 0o644)
	usePython(t, fmt.Sprintf(`[ $is_version ] && exit 0
		[ $(grep -c -- "==.* --hash=sha256:" $list) = %d ] || { echo "ERROR: list" >&2; exit 1; }
		case "$all" in *--require-hashes*) ;; *) exit 1 ;; esac
		mkdir -p $target/nvidia/cu13 $target/jax_plugins/xla_cuda13 && cp %s $target/jax_plugins/xla_cuda13/xla_cuda_plugin.so`, 1+len(source.Needs), lib))
	plugin, err := Install(context.Background(), "cuda", InstallOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if want := "cuda/jax-cuda13-pjrt-0.11.2/jax_plugins/xla_cuda13/xla_cuda_plugin.so"; !strings.HasSuffix(plugin.Path, want) || plugin.Name != "xla:cuda" {
		t.Errorf("got %+v, want …/%s", plugin, want)
	}
	if files := filesUnder(t, home); len(files) != 2 {
		t.Errorf("got the files %v, want the plugin and its record", files)
	}
	devices := nvidiaDevices
	t.Cleanup(func() { nvidiaDevices = devices })
	nvidiaDevices = []string{filepath.Join(home, "none")}
	if _, err := Open(Options{Config: "xla:cuda"}); xlaLinked && (err == nil || !strings.Contains(err.Error(), "no NVIDIA GPU at hand")) {
		t.Errorf("Open: got %v, want that there is no GPU", err)
	}
	if got := bestPlatform(); got != "cpu" {
		t.Errorf("without a GPU the best platform is %s, want cpu", got)
	}
	if dir := filepath.Dir(filepath.Dir(filepath.Dir(plugin.Path))); xlaLinked && nvidiaDir(plugin) != filepath.Join(dir, "nvidia") {
		t.Errorf("NVIDIA's folder is %q", nvidiaDir(plugin))
	}
	if _, err := os.Stat(filepath.Join(home, "cache")); err != nil {
		t.Error(err)
	}
}
