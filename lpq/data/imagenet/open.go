package imagenet

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/data/raster"
)

// Options of opening; the zero value is ready.
type Options struct {
	// Preprocess belongs to the network; zero means raster.Standard. Prepared shards have pictures of its Resize and Filter.
	Preprocess raster.Preprocess
	// Classes names the classes in the order of their numbers, by their folders; nil means that the layout decides.
	Classes []string
	// GroundTruth is the file that says what a flat folder's pictures show; empty means that it is looked for in the folder and beside it, as
	// ILSVRC2012_validation_ground_truth.txt, LOC_val_solution.csv, val.txt or ground_truth.txt.
	//
	// A line is a class, or a picture's name and its class, and more that is passed over. A class is a wnid, or a number from 0 in the order of the wnids; but a
	// number without name in a file named ILSVRC2012_validation_ground_truth.txt, the development kit's, is an ILSVRC2012_ID, which goes from 1 and in another
	// order. Lines without names are for ILSVRC2012_val_00000001.JPEG and so on, or else for all pictures in the order of their names.
	GroundTruth string
	// Bad allows damaged files, which are then left out: batches are smaller, or others take their place in batches that have to be full.
	Bad *BadFiles
}

// layouts is what Open says when it knows no layout.
const layouts = "known are train/<class>/*.JPEG with val/<class>/*.JPEG, a flat val/*.JPEG with its ground truth, *train*.tar with *val*.tar or the same in train/ and val/, " +
	"and prepared shards"

// The sets' names, and the names that their folders and shards may have.
const (
	trainSet = "train"
	valSet   = "val"
)

var setNames = map[string][]string{trainSet: {"train"}, valSet: {"val", "validation"}}

// kind is a layout of one set.
type kind int

const (
	unknownKind kind = iota
	treeKind
	flatKind
	tarKind
	preparedKind
)

// place is where a set is.
type place struct {
	kind   kind
	dir    string
	files  []string    // tar shards
	shards []described // prepared ones
}

// Open opens the sets at path, in the layout that it finds; see the package comment. A set that is not there is nil, but one is.
//
// It returns an error that names the file or folder: for a layout that is not known, a set without pictures, a class folder without pictures, a class that the
// other set lacks, an archive that is cut short. Pictures are not read yet.
func Open(path string, options Options) (train, val data.Dataset, err error) {
	if options.Preprocess == (raster.Preprocess{}) {
		options.Preprocess = raster.Standard
	}
	if err := options.Preprocess.Validate(); err != nil {
		return nil, nil, err
	}
	places, err := find(path)
	if err != nil {
		return nil, nil, err
	}
	var n *numbering
	if options.Classes != nil {
		if n, err = inOrder(options.Classes); err != nil {
			return nil, nil, err
		}
	}
	opened := map[string]data.Dataset{}
	for _, name := range []string{trainSet, valSet} { // the training set numbers the classes
		p, ok := places[name]
		if !ok {
			continue
		}
		var s *set
		if s, n, err = p.open(name, n, options); err != nil {
			return nil, nil, err
		}
		s.name = filepath.Base(filepath.Clean(path)) + "/" + s.name
		opened[name] = s
	}
	return opened[trainSet], opened[valSet], nil
}

// find looks for the sets at path.
func find(path string) (map[string]place, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, errors.WithStack(err)
	} else if !info.IsDir() {
		return nil, errors.Errorf("%s is not a folder: %s", path, layouts)
	}
	for _, look := range []func(string) (map[string]place, error){findPrepared, findSets} {
		if places, err := look(path); err != nil || len(places) > 0 {
			return places, err
		}
	}
	p, err := classify(path)
	if err != nil {
		return nil, err
	}
	if p.kind == unknownKind {
		return nil, errors.Errorf("no pictures in %s: %s", path, layouts)
	}
	return map[string]place{valSet: p}, nil
}

// findSets finds a folder for each set, or tar shards for one that has none, or an empty one.
func findSets(path string) (map[string]place, error) {
	places, err := findShards(path)
	if err != nil {
		return nil, err
	}
	for set, names := range setNames {
		for _, name := range names {
			dir := filepath.Join(path, name)
			if info, err := os.Stat(dir); err != nil || !info.IsDir() {
				continue
			}
			p, err := classify(dir)
			if err != nil {
				return nil, err
			}
			if _, shards := places[set]; p.kind == unknownKind && !shards {
				return nil, errors.Errorf("folder %s is empty: %s", dir, layouts)
			}
			if p.kind != unknownKind {
				places[set] = p
			}
			break
		}
	}
	return places, nil
}

// findShards finds tar shards in one folder, whose names tell the sets apart. ImageNet's own archives are none.
func findShards(path string) (map[string]place, error) {
	files, err := filesIn(path, ".tar")
	if err != nil {
		return nil, err
	}
	places := map[string]place{}
	for _, file := range files {
		if strings.HasPrefix(filepath.Base(file), "ILSVRC2012_img_") {
			continue
		}
		for set, names := range setNames {
			if strings.Contains(filepath.Base(file), names[0]) {
				p := places[set]
				places[set] = place{kind: tarKind, dir: path, files: append(p.files, file)}
			}
		}
	}
	return places, nil
}

// classify tells what a set's folder is: one with archives, with more pictures than folders, or with folders. Archives beside the folders that they were unpacked
// into count for nothing.
func classify(dir string) (place, error) {
	archives, err := filesIn(dir, ".tar")
	if err != nil {
		return place{}, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return place{}, errors.WithStack(err)
	}
	folders, pictures := map[string]bool{}, 0
	for _, entry := range entries {
		mode, err := target(dir, entry)
		switch {
		case err != nil || strings.HasPrefix(entry.Name(), "."):
		case mode.IsDir():
			folders[entry.Name()] = true
		case isPicture(entry.Name()):
			pictures++
		}
	}
	packed := func(archive string) bool { return !folders[strings.TrimSuffix(filepath.Base(archive), ".tar")] }
	switch {
	case slices.ContainsFunc(archives, packed):
		return place{kind: tarKind, dir: dir, files: archives}, nil
	case pictures > len(folders):
		return place{kind: flatKind, dir: dir}, nil
	case len(folders) > 0:
		return place{kind: treeKind, dir: dir}, nil
	}
	return place{dir: dir}, nil
}

// filesIn lists the files of a folder with that extension, by name.
func filesIn(dir, extension string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	var files []string
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) == extension && !strings.HasPrefix(entry.Name(), ".") {
			files = append(files, filepath.Join(dir, entry.Name()))
		}
	}
	slices.Sort(files)
	return files, nil
}

// open opens a set and returns how its classes are numbered.
func (p place) open(name string, n *numbering, options Options) (s *set, _ *numbering, err error) {
	s = &set{preprocess: options.Preprocess, bad: options.Bad}
	var from files
	switch p.kind {
	case preparedKind:
		return openPrepared(name, p.dir, p.shards, n, options)
	case treeKind:
		from, s.labels, n, err = openTree(p.dir, n, options.Bad)
	case flatKind:
		if name == trainSet {
			return nil, nil, errors.Errorf("training folder %s has pictures without class folders: %s", p.dir, layouts)
		}
		from, s.labels, n, err = openFlat(p.dir, options.GroundTruth, n, options.Bad)
	case tarKind:
		from, s.labels, n, err = openArchives(p.files, n, options.Bad)
	}
	if err != nil {
		return nil, nil, err
	}
	if len(s.labels) == 0 {
		return nil, nil, errors.Errorf("%s has no pictures that can be read", p.dir)
	}
	s.name, s.classes, s.pictures = name+" "+options.Preprocess.String(), n.classes, encoded{from}
	return s, n, nil
}
