//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64))

package backend

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/lowprec/lpnets/internal/programs"
	"github.com/lowprec/lpnets/internal/usercache"
)

// programsEnv names the folder of compiled programs, or is "off" for none.
const programsEnv = "LPQ_PROGRAMS"

// diskOf is where a plugin's programs are kept from one process to the next; nil for none: by the user's wish, where flags ask
// XLA to show what it compiles, and for all but CPUs on systems that describe theirs.
func diskOf(plugin Plugin) *programs.Disk {
	folder, flags := os.Getenv(programsEnv), os.Getenv(flagsEnv)
	if folder == "off" || strings.Contains(flags, "xla_dump") || plugin.Platform != "cpu" {
		return nil
	}
	if folder == "" {
		var err error
		if folder, err = usercache.Dir("programs"); err != nil {
			return nil
		}
	}
	processor := describeProcessor()
	info, err := os.Stat(plugin.Path)
	if err != nil || processor == "" {
		return nil
	}
	// XLA compiles for the processor at hand and divides the work among so many threads as there are cores, or one of these variables says.
	return &programs.Disk{Folder: folder, Environment: fmt.Sprintln(plugin.Path, info.Size(), info.ModTime().UnixNano(), flags,
		runtime.NumCPU(), os.Getenv("PJRT_NPROC"), os.Getenv("NPROC"), processor)}
}

// describeProcessor returns what Linux says of the first core's kind, not of its present state; "" where it says nothing.
func describeProcessor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(text), "\n\n")
	var kind []string
	for line := range strings.Lines(first) {
		name, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(name) {
		case "vendor_id", "cpu family", "model", "model name", "stepping", "flags", // x86
			"CPU implementer", "CPU architecture", "CPU variant", "CPU part", "CPU revision", "Features": // ARM
			kind = append(kind, strings.TrimSpace(value))
		}
	}
	return strings.Join(kind, ";")
}
