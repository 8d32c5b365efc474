//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64))

package backend

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/cpu"
)

// A source's flags are there while its plugin is loaded, before the user's; those of another version, or another plugin, are not.
func TestSetFlags(t *testing.T) {
	const users = "--xla_cpu_enable_fast_math=false"
	source := sources[0]
	flags := source.Flags
	if !cpu.X86.HasAVX512 && source.FlagsAVX2 != "" {
		flags = source.FlagsAVX2
	}
	if flags == "" {
		t.Fatalf("%s has no flags to test with", source.Name)
	}
	for _, c := range []struct {
		name   string
		plugin Plugin
		want   string
	}{
		{"of the source", Plugin{Source: source.Name, Version: source.Version}, flags + " " + users},
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

// The processor decides which flags a plugin gets, and an engine tells with which it was opened.
func TestFlagsForTheProcessor(t *testing.T) {
	source := sources[0]
	plugin := Plugin{Source: source.Name, Version: source.Version}
	if with, without := flagsOf(plugin, true), flagsOf(plugin, false); with != source.Flags || without != source.FlagsAVX2 || with == without {
		t.Errorf("with AVX-512 %q, without %q", with, without)
	}
	const users = "--xla_cpu_enable_fast_math=false"
	t.Setenv(flagsEnv, users)
	engine, err := Open(Options{Config: "xla:cpu"})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Finalize()
	if got := Flags(engine); !strings.HasSuffix(got, users) {
		t.Errorf("the engine's flags: got %q, want %q at the end", got, users)
	}
	if got := Flags(nil); got != "" {
		t.Errorf("flags of no engine: %q", got)
	}
}
