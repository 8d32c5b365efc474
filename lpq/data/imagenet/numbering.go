package imagenet

import (
	"slices"

	"github.com/pkg/errors"
)

// numbering gives classes their numbers.
type numbering struct {
	classes []string         // names by number
	numbers map[string]int32 // by the name that folders have: a wnid for ImageNet's
	ilsvrc  bool             // they are ImageNet's 1,000
}

// ofImageNet numbers ImageNet's 1,000 classes.
func ofImageNet() *numbering {
	n := &numbering{classes: known().names, numbers: map[string]int32{}, ilsvrc: true}
	for i, class := range known().classes {
		n.numbers[class.WNID] = int32(i)
	}
	return n
}

// inOrder numbers classes as they come.
func inOrder(classes []string) (*numbering, error) {
	n := &numbering{classes: classes, numbers: map[string]int32{}}
	for i, class := range classes {
		if _, twice := n.numbers[class]; twice {
			return nil, errors.Errorf("class %q is listed twice", class)
		}
		n.numbers[class] = int32(i)
	}
	return n, nil
}

// ofFolders decides how the classes with these folders are numbered.
func ofFolders(folders []string) (*numbering, error) {
	known := slices.IndexFunc(folders, func(folder string) bool { _, ok := Number(folder); return ok })
	other := slices.IndexFunc(folders, func(folder string) bool { _, ok := Number(folder); return !ok })
	switch {
	case other < 0:
		return ofImageNet(), nil
	case known < 0:
		return inOrder(slices.Sorted(slices.Values(folders)))
	}
	return nil, errors.Errorf("folder %q is one of ImageNet's 1,000 classes and folder %q is not: name the classes in the order of their numbers, or remove one of them",
		folders[known], folders[other])
}

// number is the class that has this folder.
func (n *numbering) number(folder string) (int32, error) {
	if number, ok := n.numbers[folder]; ok {
		return number, nil
	}
	if n.ilsvrc {
		return 0, errors.Errorf("%q is not the wnid of one of ImageNet's 1,000 classes", folder)
	}
	return 0, errors.Errorf("%q is not among the %d classes, which begin with %q", folder, len(n.classes), n.classes[:min(3, len(n.classes))])
}

// check returns an error if there is no class of that number.
func (n *numbering) check(number int64) (int32, error) {
	if number < 0 || number >= int64(len(n.classes)) {
		return 0, errors.Errorf("class %d, want 0 to %d", number, len(n.classes)-1)
	}
	return int32(number), nil
}
