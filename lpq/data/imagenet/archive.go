package imagenet

import (
	"archive/tar"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// archives are pictures in tar shards. Names of entries are for messages and for pairing alone; nothing is ever unpacked.
type archives struct {
	paths   []string
	entries []entry
}

// entry is a picture's place.
type entry struct {
	archive      int32
	offset, size int64
	name         string
}

func (a *archives) file(i int) string {
	return a.paths[a.entries[i].archive] + ": " + strconv.QuoteToASCII(a.entries[i].name)
}

func (a *archives) read(i int, buffer []byte) ([]byte, error) {
	e := a.entries[i]
	file, err := os.Open(a.paths[e.archive])
	if err != nil {
		return nil, errors.WithStack(err)
	}
	defer file.Close()
	content, err := readPart(file, e.offset, e.size, buffer)
	return content, errors.WithMessagef(err, "%s: the archive is shorter than when it was opened", a.paths[e.archive])
}

// openArchives lists the pictures of tar shards, one shard after the other. Without a numbering the classes are those of classes.txt beside the
// shards, a name per line, or else ImageNet's.
func openArchives(files []string, n *numbering, bad *BadFiles) (*archives, []int32, *numbering, error) {
	var err error
	if n == nil {
		if n, err = classesBeside(filepath.Dir(files[0])); err != nil {
			return nil, nil, nil, err
		}
	}
	a := &archives{paths: files}
	var labels []int32
	for i, path := range files {
		samples, err := indexFile(path, n, bad)
		if err != nil {
			return nil, nil, nil, err
		}
		for _, s := range samples {
			s.picture.archive = int32(i)
			a.entries, labels = append(a.entries, *s.picture), append(labels, *s.label)
		}
	}
	return a, labels, n, nil
}

// maxClasses bounds classes.txt.
const maxClasses = 1 << 20

func classesBeside(dir string) (*numbering, error) {
	path := filepath.Join(dir, "classes.txt")
	text, err := readWhole(path, nil)
	if errors.Is(err, os.ErrNotExist) {
		return ofImageNet(), nil
	}
	if err != nil {
		return nil, errors.WithStack(err)
	}
	classes := strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' || r == '\r' })
	if len(classes) == 0 || len(classes) > maxClasses {
		return nil, errors.Errorf("%s has %d classes, want 1 to %d, a name per line", path, len(classes), maxClasses)
	}
	n, err := inOrder(classes)
	return n, errors.WithMessage(err, path)
}

// sample is what an archive has under one key.
type sample struct {
	key     string
	picture *entry
	label   *int32
	err     error
}

func indexFile(path string, n *numbering, bad *BadFiles) ([]sample, error) {
	file, _, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	samples, err := indexArchive(file, n)
	if err != nil {
		return nil, errors.WithMessagef(err, "tar shard %s", path)
	}
	good := samples[:0]
	for _, s := range samples {
		if err := s.problem(); err != nil {
			if err := bad.leaveOut(path+": "+strconv.QuoteToASCII(s.key), err); err != nil {
				return nil, err
			}
			continue
		}
		if s.picture != nil {
			good = append(good, s)
		}
	}
	return good, nil
}

// problem says what is wrong with a sample; samples without picture and class are none of ours.
func (s sample) problem() error {
	switch {
	case s.err != nil:
		return s.err
	case s.picture != nil && s.label == nil:
		return errors.New("a picture without class (.cls)")
	case s.picture == nil && s.label != nil:
		return errors.New("a class without picture (.jpg, .jpeg, .png)")
	}
	return nil
}

// indexArchive collects entries of the same key, which stand one after the other, as WebDataset wants them: the key is the name up to the first dot, the
// rest tells what the entry is.
func indexArchive(file io.ReadSeeker, n *numbering) ([]sample, error) {
	var samples []sample
	reader := tar.NewReader(file)
	for {
		header, err := reader.Next()
		if err == io.EOF {
			return samples, nil
		}
		if err != nil {
			return nil, errors.WithStack(err)
		}
		folder, base := path.Split(header.Name)
		key, kind, _ := strings.Cut(base, ".")
		key, kind = folder+key, "."+strings.ToLower(kind)
		if header.Typeflag != tar.TypeReg || kind != ".cls" && !slices.Contains(extensions, kind) {
			continue
		}
		if len(samples) == 0 || samples[len(samples)-1].key != key {
			samples = append(samples, sample{key: key})
		}
		s := &samples[len(samples)-1]
		if err := s.add(kind, header, reader, file, n); err != nil && s.err == nil {
			s.err = err
		}
	}
}

// add takes an entry into the sample.
func (s *sample) add(kind string, header *tar.Header, content io.Reader, file io.Seeker, n *numbering) error {
	if kind == ".cls" {
		text, err := io.ReadAll(io.LimitReader(content, 32))
		if err != nil {
			return errors.WithStack(err)
		}
		number, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err != nil {
			return errors.Errorf("%q has %q, want a class's number", header.Name, text)
		}
		label, err := n.check(number)
		s.label = &label
		return errors.WithMessagef(err, "%q", header.Name)
	}
	if s.picture != nil {
		return errors.Errorf("two pictures, %q and %q", s.picture.name, header.Name)
	}
	for record := range header.PAXRecords {
		if strings.HasPrefix(record, "GNU.sparse.") {
			return errors.Errorf("%q is a sparse file", header.Name)
		}
	}
	offset, err := file.Seek(0, io.SeekCurrent) // the reader has read up to the content, and not beyond
	s.picture = &entry{offset: offset, size: header.Size, name: header.Name}
	return errors.WithStack(err)
}
