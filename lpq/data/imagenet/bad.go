package imagenet

import (
	"slices"
	"strings"
	"sync"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/data"
)

// BadFiles allows some files to be damaged: they are left out, counted and listed, those that an image is read from when a data.Loader hands out their batch. One
// may serve several sets at the same time. A nil one allows none.
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

// skip is the error for a file: a data.Skip, which counts it, if it may be left out.
func (b *BadFiles) skip(name string, reason error) error {
	if b == nil || b.Limit <= 0 {
		return errors.WithMessagef(reason, "%s (repair or remove it, or allow bad files to be skipped)", name)
	}
	return skipped{BadFile{name, reason.Error()}, b}
}

// skipped is the error for a file that is left out.
type skipped struct {
	BadFile
	of *BadFiles
}

func (s skipped) Error() string { return s.Name + ": " + s.Reason }

func (s skipped) Is(target error) bool { return target == data.ErrSkip }

// Limit is how many files may be left out.
func (s skipped) Limit() int { return s.of.Limit }

// LeftOut counts the file. It returns an error if it is one too many.
func (s skipped) LeftOut() error {
	b := s.of
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if _, again := b.files[s.Name]; !again && len(b.files) >= b.Limit {
		return errors.Errorf("more than the %d bad files that may be skipped; the next is %s", b.Limit, s)
	}
	if b.files == nil {
		b.files = map[string]string{}
	}
	b.files[s.Name] = s.Reason
	return nil
}

// leaveOut counts a file where there is nothing else to do for it. It returns an error if it may not be left out.
func (b *BadFiles) leaveOut(name string, reason error) error {
	err := b.skip(name, reason)
	var s skipped
	if errors.As(err, &s) {
		return s.LeftOut()
	}
	return err
}
