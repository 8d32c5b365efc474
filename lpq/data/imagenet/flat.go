package imagenet

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// developmentKit is the name of the ground truth whose numbers, one a line, are ILSVRC's own.
const developmentKit = "ILSVRC2012_validation_ground_truth.txt"

// groundTruths are looked for in the flat folder and beside it, in this order: the development kit's, Kaggle's, Caffe's.
var groundTruths = []string{developmentKit, "LOC_val_solution.csv", "val.txt", "ground_truth.txt"}

// maxTruths bounds the lines of a ground truth.
const maxTruths = 10_000_000

// truth has the true classes of a flat folder, by name of the picture without extension, or by line.
type truth struct {
	path   string
	byName map[string]int32
	byLine []int32
}

// openFlat lists the pictures in a folder and finds their classes.
func openFlat(dir, groundTruth string, n *numbering, bad *BadFiles) (*paths, []int32, *numbering, error) {
	if n == nil {
		n = ofImageNet()
	}
	names, err := picturesIn(dir, bad)
	if err != nil {
		return nil, nil, nil, err
	}
	if groundTruth == "" {
		if groundTruth, err = findTruth(dir); err != nil {
			return nil, nil, nil, err
		}
	}
	truth, err := readTruth(groundTruth, n)
	if err != nil {
		return nil, nil, nil, err
	}
	labels := make([]int32, len(names))
	for i, name := range names {
		if labels[i], err = truth.label(name, i, len(names)); err != nil {
			return nil, nil, nil, err
		}
	}
	return &paths{dir, names}, labels, n, nil
}

func findTruth(dir string) (string, error) {
	for _, name := range groundTruths {
		for _, folder := range []string{dir, filepath.Dir(dir)} {
			path := filepath.Join(folder, name)
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
				return path, nil
			}
		}
	}
	return "", errors.Errorf("folder %s has pictures without class folders, and no file says what they show: put one of %s there or beside it, or name another",
		dir, strings.Join(groundTruths, ", "))
}

// readTruth reads a line per picture: its class, or its name and its class. See Options.GroundTruth.
func readTruth(path string, n *numbering) (*truth, error) {
	file, _, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	t := &truth{path: path, byName: map[string]int32{}}
	lines := bufio.NewScanner(file)
	for line := 1; lines.Scan(); line++ {
		fields := strings.FieldsFunc(lines.Text(), func(r rune) bool { return r == ' ' || r == ',' || r == '\t' || r == '\r' })
		if len(fields) == 0 || fields[0] == "ImageId" { // the head of Kaggle's
			continue
		}
		if len(t.byLine)+len(t.byName) >= maxTruths {
			return nil, errors.Errorf("%s has more than %d lines", path, maxTruths)
		}
		label, err := n.parse(fields[min(1, len(fields)-1)], len(fields) == 1 && filepath.Base(path) == developmentKit)
		if err != nil {
			return nil, errors.WithMessagef(err, "%s, line %d", path, line)
		}
		if len(fields) == 1 {
			t.byLine = append(t.byLine, label)
		} else {
			t.byName[stem(fields[0])] = label
		}
	}
	if err := lines.Err(); err != nil {
		return nil, errors.Wrap(err, path)
	}
	if len(t.byLine) > 0 && len(t.byName) > 0 {
		return nil, errors.Errorf("%s: some lines name a picture and others do not", path)
	}
	return t, nil
}

// parse reads a class: a folder's name (a wnid), ILSVRC's own number where the file has those, or the number from 0.
func (n *numbering) parse(text string, ilsvrcIDs bool) (int32, error) {
	number, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil:
		return n.number(text)
	case !ilsvrcIDs:
		return n.check(number)
	case !n.ilsvrc:
		return 0, errors.New("the numbers are ILSVRC's own, but the classes are not ImageNet's")
	case number < 1 || number > 1000:
		return 0, errors.Errorf("class %d, want ILSVRC's 1 to 1000", number)
	}
	return known().ids[number], nil
}

// stem is a name without folders and extension.
func stem(name string) string {
	name = filepath.Base(name)
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// numbered are the names of the validation pictures as they are distributed; the number is that of the line.
var numbered = regexp.MustCompile(`_val_(\d{8})$`)

// label finds the class of the i-th of count pictures.
func (t *truth) label(name string, i, count int) (int32, error) {
	if len(t.byLine) == 0 {
		if label, ok := t.byName[stem(name)]; ok {
			return label, nil
		}
		return 0, errors.Errorf("%s says nothing about %s", t.path, name)
	}
	if match := numbered.FindStringSubmatch(stem(name)); match != nil {
		line, err := strconv.Atoi(match[1])
		if err != nil || line < 1 || line > len(t.byLine) {
			return 0, errors.Errorf("%s has %d lines and so none for %s", t.path, len(t.byLine), name)
		}
		return t.byLine[line-1], nil
	}
	if count != len(t.byLine) {
		return 0, errors.Errorf("%s has %d lines for %d pictures", t.path, len(t.byLine), count)
	}
	return t.byLine[i], nil
}
