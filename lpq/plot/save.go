package plot

import (
	"path/filepath"
	"strings"

	"github.com/lowprec/lpnets/internal/atomicfile"
	"github.com/pkg/errors"
)

// Save writes the figure to a file, as PNG or SVG by the extension of path, .png or .svg. The file appears whole or not
// at all: it is written beside its place and renamed.
func (f *Figure) Save(path string) error {
	var content []byte
	var err error
	switch extension := strings.ToLower(filepath.Ext(path)); extension {
	case ".png":
		content, err = f.PNG()
	case ".svg":
		content, err = f.SVG()
	default:
		return errors.Errorf("plot: cannot save figure %q as %q: the name must end in .png or .svg", f.title, path)
	}
	if err != nil {
		return errors.WithMessagef(err, "saving %q", path)
	}
	return errors.WithMessagef(atomicfile.WriteBytes(path, content), "saving figure %q", f.title)
}
