//go:build !unix

package imagenet

import (
	"os"

	"github.com/pkg/errors"
)

// mapped is a file that is read where it is needed.
type mapped struct{ file *os.File }

// mapFile opens the file once more, to keep it open.
func mapFile(file *os.File, _ int64) (*mapped, error) {
	again, err := os.Open(file.Name())
	return &mapped{again}, errors.WithStack(err)
}

// at returns n bytes.
func (m *mapped) at(offset int64, n int) ([]byte, error) {
	return readPart(m.file, offset, int64(n), nil)
}
