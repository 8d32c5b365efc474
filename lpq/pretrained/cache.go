package pretrained

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/internal/usercache"
)

// ErrNotPulled is, by errors.Is, the error about published weights that are not in the cache.
var ErrNotPulled = errors.New("the published weights are not here")

// notPulled is ErrNotPulled of a network, with the way out.
type notPulled struct{ network string }

func (e notPulled) Error() string {
	return fmt.Sprintf("the published weights of %s are not here; fetch them with: lpq weights pull %s", e.network, e.network)
}

func (e notPulled) Is(target error) bool { return target == ErrNotPulled }

// Dir is the folder in the user's cache that Pull fills.
func Dir() (string, error) { return usercache.Dir("weights") }

// Path returns where the weights of a network are that were pulled. The error for those that were not
// is ErrNotPulled, and names the command.
func Path(network string) (string, error) {
	e, err := Get(network)
	if err != nil {
		return "", err
	}
	dir, err := Dir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, e.File())
	info, err := os.Stat(path)
	switch {
	case os.IsNotExist(err):
		return "", errors.WithStack(notPulled{network})
	case err != nil:
		return "", errors.Wrapf(err, "the weights of %s", network)
	case e.Size > 0 && info.Size() != e.Size:
		return "", errors.Errorf("%s is damaged: it has %d bytes, want %d; fetch it again with: lpq weights pull %s", path, info.Size(), e.Size, network)
	}
	return path, nil
}

// Resolve turns what a user gives for a weight file into a path: a file's path is that itself; the name of a network for which weights are
// known, where no file is called so, is the Path of those.
func Resolve(name string) (string, error) {
	if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
		return name, nil
	}
	if _, err := Get(name); err != nil {
		return name, nil // not a name, and so a path: who reads it says that it is not there
	}
	return Path(name)
}
