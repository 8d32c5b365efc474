//go:build unix

package imagenet_test

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lowprec/lpnets/lpq/data/imagenet"
)

// TestPipes: nothing waits for the other end of a pipe.
func TestPipes(t *testing.T) {
	for _, name := range []string{"train/" + tench + "/pipe.jpg", "train/x.tar", "train-00000-of-00001.lpqshard"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if filepath.Ext(name) == ".tar" { // beside class folders it would not be looked at
				write(t, dir, map[string][]byte{filepath.Dir(name) + "/README": nil})
			} else {
				write(t, dir, tree(t))
			}
			if err := unix.Mkfifo(filepath.Join(dir, name), 0o666); err != nil {
				t.Skip(err)
			}
			_, _, err := imagenet.Open(dir, imagenet.Options{})
			wantError(t, err, filepath.Base(name), "not a regular file")
		})
	}
	t.Run("link to a pipe", func(t *testing.T) {
		dir := t.TempDir()
		write(t, dir, tree(t))
		pipe, link := filepath.Join(dir, "pipe"), filepath.Join(dir, "train", tench, "a.jpg")
		if err := unix.Mkfifo(pipe, 0o666); err != nil {
			t.Skip(err)
		}
		if err := os.Symlink(pipe, link); err != nil {
			t.Skip(err)
		}
		_, _, err := imagenet.Open(dir, imagenet.Options{})
		wantError(t, err, "a.jpg", "not a regular file")
	})
}
