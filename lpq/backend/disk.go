//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64))

package backend

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/lowprec/lpnets/internal/cpuinfo"
	"github.com/lowprec/lpnets/internal/programs"
	"github.com/lowprec/lpnets/internal/usercache"
)

// programsEnv names the folder of compiled programs, or is "off" for none.
const programsEnv = "LPQ_PROGRAMS"

// processorKind names what tells kinds of processors apart in /proc/cpuinfo: on x86, and on ARM.
var processorKind = []string{"vendor_id", "cpu family", "model", "model name", "stepping", "flags",
	"CPU implementer", "CPU architecture", "CPU variant", "CPU part", "CPU revision", "Features"}

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
	processor := cpuinfo.Values(processorKind...)
	info, err := os.Stat(plugin.Path)
	if err != nil || len(processor) == 0 {
		return nil
	}
	// XLA compiles for the processor at hand and divides the work among so many threads as there are cores, or one of these variables says.
	return &programs.Disk{Folder: folder, Environment: fmt.Sprintln(plugin.Path, info.Size(), info.ModTime().UnixNano(), flags,
		runtime.NumCPU(), os.Getenv("PJRT_NPROC"), os.Getenv("NPROC"), processor)}
}
