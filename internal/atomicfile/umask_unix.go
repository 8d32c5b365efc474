//go:build unix

package atomicfile

import (
	"os"

	"golang.org/x/sys/unix"
)

// mask is read once, at start: reading means setting it for a moment.
var mask = func() os.FileMode {
	old := unix.Umask(0o022)
	unix.Umask(old)
	return os.FileMode(old)
}()

// umask is what this process takes away from a new file's permissions; a temporary file has none to take.
func umask() os.FileMode { return mask }
