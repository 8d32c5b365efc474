// Package folderlock lets one process at a time, and one goroutine, work in a folder.
package folderlock

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/pkg/errors"
)

// name of the file in the folder that is locked.
const name = ".lock"

// Lock waits until nobody else has the lock of a folder, and returns what ends it; waiting is called once if there is somebody. It returns an error if
// ctx ends first.
//
// On a file system without locks there is none: alone is false then, and others may be at work.
func Lock(ctx context.Context, dir string, waiting func()) (unlock func(), alone bool, err error) {
	file := open(dir)
	locked, err := file.TryLock()
	if err == nil && !locked {
		waiting()
		locked, err = file.TryLockContext(ctx, 100*time.Millisecond)
	}
	if ctx.Err() != nil {
		_ = file.Close() // nothing was written
		return nil, false, errors.Wrapf(ctx.Err(), "waiting for the lock of %s", dir)
	}
	return func() { _ = file.Close() }, err == nil && locked, nil // closing ends the lock; there is nothing to write that could fail
}

// Try is Lock for whoever would rather not wait: it returns an error if somebody else has the lock, or may not be asked.
func Try(dir string) (unlock func(), alone bool, err error) {
	file := open(dir)
	locked, err := file.TryLock()
	switch {
	case errors.Is(err, os.ErrPermission):
		return nil, false, errors.Wrapf(err, "locking %s", dir)
	case err == nil && !locked:
		_ = file.Close() // nothing was written
		return nil, false, errors.Errorf("another process is at work in %s; wait for its end, or name another folder", dir)
	}
	return func() { _ = file.Close() }, locked, nil
}

// open is the lock of a folder.
func open(dir string) *flock.Flock { return File(filepath.Join(dir, name)) }

// File is a lock, for all who may read its file. (With more permissions than the umask leaves, flock would not find it on NFS.)
func File(path string) *flock.Flock { return flock.New(path, flock.SetPermissions(0o644)) }
