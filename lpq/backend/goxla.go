//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64))

package backend

import (
	"path/filepath"
	"runtime"

	"github.com/gomlx/go-xla/installer"
	"github.com/pkg/errors"
)

// putGoXLA lets go-xla's installer fetch the CPU plugin of its own project and returns the file's name. Its releases
// carry no sums to compare with.
func putGoXLA(dir string, opts InstallOptions) (string, error) {
	opts.logf("letting go-xla's installer fetch its CPU plugin for %s", thisSystem)
	const cached = false
	if err := installer.CPUAutoInstall(dir, cached, installer.Quiet); err != nil {
		return "", errors.Wrapf(err, "go-xla's installer has no CPU plugin for %s, or cannot reach it; name a plugin that you have with --from FILE", runtime.GOOS+"/"+runtime.GOARCH)
	}
	paths := pluginsIn(dir)
	if len(paths) == 0 {
		return "", errors.Errorf("go-xla's installer left no plugin in %s", dir)
	}
	path, err := filepath.EvalSymlinks(paths[0])
	return filepath.Base(path), errors.Wrap(err, "go-xla's plugin")
}
