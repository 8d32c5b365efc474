//go:build unix

package filesum_test

import (
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lowprec/lpnets/internal/filesum"
)

// A pipe that nobody writes into is refused: to open it would wait for ever.
func TestPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o666); err != nil {
		t.Fatal(err)
	}
	if sum, err := filesum.SHA256(pipe); err == nil {
		t.Errorf("the sum of a pipe: %s", sum)
	}
}
