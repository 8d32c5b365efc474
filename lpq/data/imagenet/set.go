package imagenet

import (
	"image"
	"io"
	"os"
	"runtime"
	"sync"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/data/raster"
)

// set is a dataset of pictures, wherever they are.
type set struct {
	name       string
	classes    []string
	labels     []int32
	preprocess raster.Preprocess
	pictures   pictures
	bad        *BadFiles
}

// pictures are numbered from 0. A picture is not to be changed.
type pictures interface {
	file(i int) string // for messages
	picture(i int) (*raster.RGB, error)
}

var _ data.Pictures = (*set)(nil)

func (s *set) Name() string      { return s.name }
func (s *set) Len() int          { return len(s.labels) }
func (s *set) Classes() []string { return s.classes }
func (s *set) Label(i int) int32 { return s.labels[i] }
func (s *set) Shape() data.Shape {
	return data.Shape{Height: s.preprocess.Crop, Width: s.preprocess.Crop, Channels: 3}
}

// Image resizes and crops as evaluation does.
func (s *set) Image(i int, dst []uint8) error {
	return s.use(i, dst, func(picture *raster.RGB) error { return s.preprocess.Apply(dst, picture) })
}

// View resizes the chosen part.
func (s *set) View(i int, choose func(width, height int) image.Rectangle, dst []uint8) error {
	side := s.preprocess.Crop
	return s.use(i, dst, func(picture *raster.RGB) error {
		part := choose(picture.Width, picture.Height)
		return raster.Resize(dst, image.Rect(0, 0, side, side), picture, part, side, side, s.preprocess.Filter)
	})
}

// use calls fn with picture i, if dst has room for an image.
func (s *set) use(i int, dst []uint8, fn func(*raster.RGB) error) error {
	if i < 0 || i >= len(s.labels) {
		return errors.Errorf("dataset %s: no image %d among %d", s.name, i, len(s.labels))
	}
	if size := s.Shape().Size(); len(dst) < size {
		return errors.Errorf("dataset %s: an image needs %d bytes, got room for %d", s.name, size, len(dst))
	}
	defer runtime.KeepAlive(s) // the picture may lie in memory that is mapped as long as the set is in use
	picture, err := s.whole(i)
	if err != nil {
		return err
	}
	if err := fn(picture); err != nil {
		return errors.WithMessage(err, s.pictures.file(i))
	}
	return nil
}

// whole returns picture i as it is stored.
func (s *set) whole(i int) (*raster.RGB, error) {
	picture, err := s.pictures.picture(i)
	var d damage
	if errors.As(err, &d) {
		return nil, s.bad.skip(s.pictures.file(i), d.error)
	}
	return picture, errors.WithMessagef(err, "dataset %s", s.name)
}

// damage is an error that lies in a file's content, not in reading it.
type damage struct{ error }

// encoded are pictures in files or parts of files.
type encoded struct{ files }

type files interface {
	file(i int) string
	read(i int, buffer []byte) ([]byte, error) // into the buffer, as far as it has room
}

// buffers are for files that are being decoded.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

func (e encoded) picture(i int) (*raster.RGB, error) {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	content, err := e.read(i, *buffer)
	if err != nil {
		return nil, err
	}
	*buffer = content[:0]
	picture, err := raster.Decode(content)
	if err != nil {
		return nil, damage{err}
	}
	return picture, nil
}

// readWhole reads a regular file of reasonable size.
func readWhole(path string, buffer []byte) ([]byte, error) {
	file, size, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readPart(file, 0, size, buffer)
}

// openFile opens a regular file.
func openFile(path string) (*os.File, int64, error) {
	info, err := os.Stat(path) // before it is opened: that would wait for a pipe's other end
	if err != nil {
		return nil, 0, errors.WithStack(err)
	}
	if !info.Mode().IsRegular() {
		return nil, 0, damage{errors.Errorf("%s is not a regular file but %s", path, info.Mode().Type())}
	}
	file, err := os.Open(path)
	return file, info.Size(), errors.WithStack(err)
}

// readPart reads size bytes from an offset on.
func readPart(file io.ReaderAt, offset, size int64, buffer []byte) ([]byte, error) {
	if size > raster.MaxFile {
		return nil, damage{errors.Errorf("%d bytes, more than %d", size, raster.MaxFile)}
	}
	if int64(cap(buffer)) < size {
		buffer = make([]byte, size)
	}
	buffer = buffer[:size]
	if n, err := file.ReadAt(buffer, offset); n < len(buffer) {
		return nil, errors.WithStack(err)
	}
	return buffer, nil
}
