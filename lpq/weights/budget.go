package weights

import "github.com/pkg/errors"

// budget bounds the memory that a file may ask for beyond its own bytes: expanded copies of strided tensors, and deflated zip
// records. Both let a few bytes stand for terabytes.
type budget struct{ left, total int64 }

// newBudget allows four times the file and 64 MiB: a channels-last network needs one copy of itself, and no file written by
// PyTorch is deflated.
func newBudget(fileSize int) *budget {
	total := 4*int64(fileSize) + 64<<20
	return &budget{left: total, total: total}
}

// take reserves n bytes, n >= 0, or refuses.
func (b *budget) take(n int64) error {
	if n > b.left {
		return errors.Errorf("unpacks to more than %d bytes, far beyond what the file's size explains", b.total)
	}
	b.left -= n
	return nil
}
