// Package atomicfile writes files whole or not at all.
package atomicfile

import (
	"bufio"
	"io"
	"os"
	"path/filepath"

	"github.com/pkg/errors"
)

// Write makes the file at path from what fn writes. The file appears there, or replaces the one there, only when all of it is on disk; after
// an error, a crash or a full disk there is the old one, or none.
func Write(path string, fn func(w io.Writer) error) (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp-*")
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
