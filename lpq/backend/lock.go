package backend

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/pkg/errors"
)

// lock waits until no other Install works in a folder, removes what one that was killed has left, and returns what ends
// the lock. On a file system without locks there is none: two Installs then do the work twice, and neither harms the
// other.
func lock(ctx context.Context, dir string, opts InstallOptions) (unlock func(), err error) {
	file := flock.New(filepath.Join(dir, ".lock"))
	locked, err := file.TryLock()
	if err == nil && !locked {
		opts.logf("waiting for another installation in %s", dir)
		locked, err = file.TryLockContext(ctx, 100*time.Millisecond)
	}
	if ctx.Err() != nil {
		return nil, errors.Wrap(ctx.Err(), "waiting for another installation")
	}
	if err == nil && locked {
		removeLeftovers(dir)
	}
	return func() { _ = file.Close() }, nil // closing ends the lock; there is nothing to write that could fail
}

// removeLeftovers removes temporary folders; nobody else works on one while the lock is held.
func removeLeftovers(dir string) {
	for _, sub := range subfolders(dir) {
		if strings.Contains(filepath.Base(sub), tmpMark) {
			_ = os.RemoveAll(sub) // what cannot be removed costs disk space only
		}
	}
}
