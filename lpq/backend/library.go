package backend

import (
	"debug/elf"
	"io"
	"os"
	"runtime"

	"github.com/pkg/errors"
)

// errNoXLA is the problem of every plugin where XLA is not linked in.
var errNoXLA = errors.New("this binary was built without XLA (tag noxla, no C compiler, or a system that XLA is not made for): use --backend go or build it with XLA")

// machines are the ELF machines by GOARCH.
var machines = map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}

// checkSize compares a plugin's size with what was recorded when it was installed.
func checkSize(path string, want int64) error {
	info, err := os.Stat(path)
	if err != nil {
		return errors.Wrap(err, "plugin")
	}
	if info.Size() != want {
		return errors.Errorf("plugin %s is damaged: it has %d bytes, %d were installed; delete its folder and install it again", path, info.Size(), want)
	}
	return nil
}

// checkLibrary tells whether a file can be a plugin for this machine, before the dynamic loader sees it: that one
// would crash the process on a file cut short.
func checkLibrary(path, arch string) error {
	info, err := os.Stat(path)
	if err != nil {
		return errors.Wrap(err, "plugin")
	}
	if !info.Mode().IsRegular() {
		return errors.Errorf("plugin %s is not a regular file", path)
	}
	if runtime.GOOS != "linux" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return errors.Wrap(err, "plugin")
	}
	defer f.Close()
	return errors.WithMessagef(checkELF(f, info.Size(), arch), "plugin %s", path)
}

// checkELF wants a 64-bit shared library for arch none of whose parts ends beyond the file.
func checkELF(r io.ReaderAt, size int64, arch string) error {
	header, err := elf.NewFile(r)
	if err != nil {
		return errors.Errorf("is not a shared library, or is cut short (%v); install it again", err)
	}
	if want, known := machines[arch]; known && header.Machine != want {
		return errors.Errorf("is built for %s, this machine is %s", header.Machine, want)
	}
	if header.Class != elf.ELFCLASS64 || header.Type != elf.ET_DYN {
		return errors.Errorf("is not a 64-bit shared library (%s, %s)", header.Class, header.Type)
	}
	for _, p := range header.Progs {
		if p.Filesz > uint64(size) || p.Off > uint64(size)-p.Filesz {
			return errors.Errorf("is cut short: %d bytes, but a part of it ends at %d; install it again", size, p.Off+p.Filesz)
		}
	}
	return nil
}
