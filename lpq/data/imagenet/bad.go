package imagenet

import (
	"slices"
	"strings"
	"sync"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/data"
)

// BadFiles allows some files to be damaged: they are left out, counted and listed. One may serve several sets at the same time. A nil one allows none.
type BadFiles struct {
	Limit int // the first file beyond it is an error

	mutex sync.Mutex
	files map[string]string
}

// BadFile is a file that was left out.
type BadFile struct {
	Name   string // path, or archive and entry
	Reason string
}

// List has the files left out so far, by name.
func (b *BadFiles) List() []BadFile {
	if b == nil {
		return nil
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	var list []BadFile
	for name, reason := range b.files {
		list = append(list, BadFile{name, reason})
	}
	slices.SortFunc(list, func(x, y BadFile) int { return strings.Compare(x.Name, y.Name) })
	return list
}

// skip counts a file. Its error is ErrSkip if the file may be left out.
func (b *BadFiles) skip(name string, reason error) error {
	if b == nil || b.Limit <= 0 {
		return errors.WithMessagef(reason, "%s (repair or remove it, or allow bad files to be skipped)", name)
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if _, again := b.files[name]; !again && len(b.files) >= b.Limit {
		return errors.WithMessagef(reason, "more than the %d bad files that may be skipped; the next is %s", b.Limit, name)
	}
	if b.files == nil {
		b.files = map[string]string{}
	}
	b.files[name] = reason.Error()
	return skipped{name, reason.Error()}
}

// skipped is the error for a file that is left out.
type skipped BadFile

func (s skipped) Error() string { return s.Name + ": " + s.Reason }

func (s skipped) Is(target error) bool { return target == data.ErrSkip }

// leaveOut is skip for where there is nothing to do for a file left out: it returns an error only if the file may not be.
func (b *BadFiles) leaveOut(name string, reason error) error {
	if err := b.skip(name, reason); !errors.Is(err, data.ErrSkip) {
		return err
	}
	return nil
}
