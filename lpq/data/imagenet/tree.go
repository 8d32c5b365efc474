package imagenet

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// paths are pictures in files of their own.
type paths struct {
	root  string
	names []string // below root
}

func (p *paths) file(i int) string { return filepath.Join(p.root, p.names[i]) }

func (p *paths) read(i int, buffer []byte) ([]byte, error) { return readWhole(p.file(i), buffer) }

// extensions of pictures, as ImageNet and those who copied it have them.
var extensions = []string{".jpeg", ".jpg", ".png"}

func isPicture(name string) bool {
	return !strings.HasPrefix(name, ".") && slices.Contains(extensions, strings.ToLower(filepath.Ext(name)))
}

// classFolders lists the folders in dir, links to folders among them.
func classFolders(dir string, bad *BadFiles) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	var folders []string
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		mode, err := target(dir, entry)
		if err != nil {
			if err := bad.leaveOut(filepath.Join(dir, entry.Name()), err); err != nil {
				return nil, err
			}
			continue
		}
		if mode.IsDir() {
			folders = append(folders, entry.Name())
		}
	}
	return folders, nil
}

// target is what an entry is, or what it links to.
func target(dir string, entry fs.DirEntry) (fs.FileMode, error) {
	if entry.Type()&fs.ModeSymlink == 0 {
		return entry.Type(), nil
	}
	info, err := os.Stat(filepath.Join(dir, entry.Name())) // an error for a link to itself, and for one to nothing
	if err != nil {
		return 0, err
	}
	return info.Mode().Type(), nil
}

// openTree lists the pictures of class folders. A numbering that is nil is made from the folders.
func openTree(dir string, n *numbering, bad *BadFiles) (*paths, []int32, *numbering, error) {
	folders, err := classFolders(dir, bad)
	if err != nil {
		return nil, nil, nil, err
	}
	if n == nil {
		if n, err = ofFolders(folders); err != nil {
			return nil, nil, nil, errors.WithMessage(err, dir)
		}
	}
	p := &paths{root: dir}
	var labels []int32
	for _, folder := range folders {
		label, err := n.number(folder)
		if err != nil {
			return nil, nil, nil, errors.WithMessagef(err, "class folder %s", filepath.Join(dir, folder))
		}
		names, err := picturesIn(filepath.Join(dir, folder), bad)
		if err != nil {
			return nil, nil, nil, err
		}
		for _, name := range names {
			p.names = append(p.names, filepath.Join(folder, name))
			labels = append(labels, label)
		}
	}
	return p, labels, n, nil
}

// picturesIn lists the pictures of a class, by name. Other files are passed over; whatever is named like a picture and is none, a folder, and a class without
// pictures are bad.
func picturesIn(dir string, bad *BadFiles) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	var names []string
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		mode, err := target(dir, entry)
		switch {
		case err == nil && mode.IsRegular() && isPicture(entry.Name()):
			names = append(names, entry.Name())
			continue
		case err == nil && mode.IsDir():
			err = errors.New("a folder in a class folder; nested folders are not supported")
		case err == nil && isPicture(entry.Name()) && !mode.IsRegular():
			err = errors.Errorf("not a regular file but %s", mode)
		}
		if err == nil {
			continue
		}
		if err := bad.leaveOut(filepath.Join(dir, entry.Name()), err); err != nil {
			return nil, err
		}
	}
	if len(names) == 0 {
		return nil, bad.leaveOut(dir, errors.New("a class folder without pictures (*.JPEG, *.jpg, *.png)"))
	}
	return names, nil
}
