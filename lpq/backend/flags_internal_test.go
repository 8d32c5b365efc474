//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64))

package backend

import (
	"os"
	"testing"
)

// A source's flags are there while its plugin is loaded, before the user's; those of another version, or another plugin, are not.
func TestSetFlags(t *testing.T) {
	const users = "--xla_cpu_enable_fast_math=false"
	source := sources[0]
	if source.Flags == "" {
		t.Fatalf("%s has no flags to test with", source.Name)
	}
	for _, c := range []struct {
		name   string
		plugin Plugin
		want   string
	}{
		{"of the source", Plugin{Source: source.Name, Version: source.Version}, source.Flags + " " + users},
		{"another version", Plugin{Source: source.Name, Version: source.Version + ".1"}, users},
		{"a file of the user's", Plugin{Source: "$" + pathEnv}, users},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv(flagsEnv, users)
			restore := setFlags(c.plugin)
			if got := os.Getenv(flagsEnv); got != c.want {
				t.Errorf("while it is loaded: got %q, want %q", got, c.want)
			}
			restore()
			if got := os.Getenv(flagsEnv); got != users {
				t.Errorf("afterwards: got %q, want %q", got, users)
			}
		})
	}
}
