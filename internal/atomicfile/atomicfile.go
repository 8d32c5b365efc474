// Package atomicfile writes files whole or not at all.
package atomicfile

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"
)

// mark is part of the name of a file that is being written.
const mark = ".tmp-"

// IsLeftover tells whether a file's name is one under which a Write is writing, or was when it was killed.
func IsLeftover(name string) bool { return strings.Contains(name, mark) }

// RemoveLeftovers removes from a folder what a Write that was killed has left of files whose names end so; of all, where the end is empty. Nobody else may be
// writing there. What cannot be removed costs disk space only.
func RemoveLeftovers(dir, end string) {
	entries, _ := os.ReadDir(dir) // whoever cannot read it will fail with a better word
	for _, e := range entries {
		if strings.Contains(e.Name(), end+mark) {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// Write makes the file at path from what fn writes. The file appears there, or replaces the one there, only when all of it is on disk; after
// an error, a crash or a full disk there is the old one, or none.
func Write(path string, fn func(w io.Writer) error) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+mark+"*")
	if err != nil {
		return errors.Wrapf(err, "writing %s", path)
	}
	defer func() {
		if err != nil {
			_ = temporary.Close() // it is closed already, or broken
			_ = os.Remove(temporary.Name())
			err = errors.WithMessagef(err, "writing %s", path)
		}
	}()
	w := bufio.NewWriterSize(temporary, 1<<16)
	if err = fn(w); err != nil {
		return err
	}
	if err = w.Flush(); err != nil {
		return errors.WithStack(err)
	}
	if err = temporary.Chmod(0o666 &^ umask()); err != nil {
		return errors.WithStack(err)
	}
	if err = temporary.Sync(); err != nil {
		return errors.WithStack(err)
	}
	if err = temporary.Close(); err != nil {
		return errors.WithStack(err)
	}
	return errors.WithStack(os.Rename(temporary.Name(), path))
}

// Copy makes the file at path from another one, as Write does.
func Copy(path, from string) error {
	f, err := os.Open(from)
	if err != nil {
		return errors.WithStack(err)
	}
	defer f.Close()
	return Write(path, func(w io.Writer) error {
		_, err := io.Copy(w, f)
		return errors.Wrapf(err, "copying %s", from)
	})
}

// WriteBytes makes the file at path with that content, as Write does.
func WriteBytes(path string, content []byte) error {
	return Write(path, func(w io.Writer) error {
		_, err := w.Write(content)
		return errors.WithStack(err)
	})
}
