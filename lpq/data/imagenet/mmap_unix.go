//go:build unix

package imagenet

import (
	"os"
	"runtime"

	"github.com/pkg/errors"
	"golang.org/x/sys/unix"
)

// mapped is a file in memory, which the system reads where it is needed. It is unmapped when nothing refers to it any more; a slice of it does not count.
type mapped struct{ content []byte }

// mapFile maps the first size bytes; the file may be closed then.
func mapFile(file *os.File, size int64) (*mapped, error) {
	if int64(int(size)) != size {
		return nil, errors.Errorf("%s: %d bytes are too many for this machine's memory", file.Name(), size)
	}
	content, err := unix.Mmap(int(file.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, errors.Wrapf(err, "mapping %s into memory", file.Name())
	}
	m := &mapped{content}
	runtime.AddCleanup(m, func(content []byte) {
		_ = unix.Munmap(content) // nothing can be done about it
	}, content)
	return m, nil
}

// at returns n bytes, not to be changed.
func (m *mapped) at(offset int64, n int) ([]byte, error) {
	return m.content[offset : offset+int64(n) : offset+int64(n)], nil
}
