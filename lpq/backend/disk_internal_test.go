//go:build cgo && !noxla && linux && (amd64 || arm64)

package backend

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Programs are kept for plugins of CPUs, in the folder that is named or the cache, unless they were switched off or XLA is to show what it compiles;
// and another plugin, other flags and another number of threads have programs of their own.
func TestDiskOf(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pjrt_c_api_cpu_plugin.so")
	if err := os.WriteFile(file, []byte("plugin"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_CACHE_HOME", "/cache")
	t.Setenv(programsEnv, "")
	t.Setenv(flagsEnv, "")
	plugin := Plugin{Platform: "cpu", Path: file}
	first := diskOf(plugin)
	if first == nil || first.Folder != "/cache/lpnets/programs" {
		t.Fatalf("got %+v, want the folder in the cache", first)
	}
	if again := diskOf(plugin); *again != *first {
		t.Errorf("got %+v, and then %+v", first, again)
	}

	for _, c := range []struct{ name, variable, value string }{
		{"switched off", programsEnv, "off"},
		{"a dump is asked for", flagsEnv, "--xla_dump_to=/tmp"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(c.variable, c.value)
			if got := diskOf(plugin); got != nil {
				t.Errorf("got %+v, want none", got)
			}
		})
	}
	if got := diskOf(Plugin{Platform: "cuda", Path: file}); got != nil {
		t.Errorf("for a GPU: got %+v, want none", got)
	}
	if got := diskOf(Plugin{Platform: "cpu", Path: file + ".gone"}); got != nil {
		t.Errorf("for a plugin that is not there: got %+v, want none", got)
	}

	for _, c := range []struct{ name, variable, value string }{
		{"flags", flagsEnv, "--xla_cpu_enable_fast_math=false"},
		{"threads", "NPROC", "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(c.variable, c.value)
			if got := diskOf(plugin); got.Environment == first.Environment {
				t.Errorf("other %s, the same environment %q", c.name, got.Environment)
			}
		})
	}
	t.Run("folder", func(t *testing.T) {
		t.Setenv(programsEnv, "/elsewhere")
		if got := diskOf(plugin); got.Folder != "/elsewhere" || got.Environment != first.Environment {
			t.Errorf("got %+v, want another folder than %+v", got, first)
		}
	})
	now := time.Now().Add(time.Second)
	if err := os.Chtimes(file, now, now); err != nil {
		t.Fatal(err)
	}
	if got := diskOf(plugin); got.Environment == first.Environment {
		t.Error("the plugin was replaced, and has the same environment")
	}
}
