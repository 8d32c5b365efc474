package data

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"
)

// The official binary format: records of one label byte and 3,072 pixel bytes, all red, then all green, then all blue.
const (
	cifarFolder     = "cifar-10-batches-bin" // what the official archive unpacks to
	cifarClassFile  = "batches.meta.txt"
	cifarSide       = 32
	cifarPlane      = cifarSide * cifarSide
	cifarRecord     = 1 + 3*cifarPlane
	cifarClasses    = 10
	cifarMaxRecords = 1_000_000 // per file, 3.1 GB; the official files hold 10,000
	cifarWayOut     = "unpack cifar-10-binary.tar.gz of https://www.cs.toronto.edu/~kriz/cifar.html again and name its folder " + cifarFolder
)

var (
	cifarTrainFiles = []string{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"}
	cifarTestFiles  = []string{"test_batch.bin"}
)

// OpenCIFAR10 reads CIFAR-10 [1] in its binary format: data_batch_1.bin to data_batch_5.bin, test_batch.bin and batches.meta.txt
// in dir, or in the folder cifar-10-batches-bin within dir. Images are [32,32,3]; all of them are held in memory, 184 MB.
//
// Files may hold any number of whole records. It returns an error that names the file if one is missing, empty, cut short,
// or holds a label above 9.
//
// [1] Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009.
func OpenCIFAR10(dir string) (train, test Dataset, err error) {
	dir, err = findCIFAR(dir)
	if err != nil {
		return nil, nil, err
	}
	classes, err := readClasses(filepath.Join(dir, cifarClassFile))
	if err != nil {
		return nil, nil, err
	}
	train, err = readBatches("cifar10/train", dir, cifarTrainFiles, classes)
	if err != nil {
		return nil, nil, err
	}
	test, err = readBatches("cifar10/test", dir, cifarTestFiles, classes)
	if err != nil {
		return nil, nil, err
	}
	return train, test, nil
}

// HasCIFAR10 reports whether a folder holds one of the files that OpenCIFAR10 reads.
func HasCIFAR10(dir string) bool {
	_, err := findCIFAR(dir)
	return err == nil
}

// findCIFAR returns dir or the folder in it that the official archive unpacks to.
func findCIFAR(dir string) (string, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return "", unreadable(err)
	}
	if !info.IsDir() {
		return "", errors.Errorf("CIFAR-10: %q is a file, not a folder: %s", dir, cifarWayOut)
	}
	for _, candidate := range []string{dir, filepath.Join(dir, cifarFolder)} {
		for _, name := range append([]string{cifarClassFile}, append(cifarTrainFiles, cifarTestFiles...)...) {
			if _, err := os.Stat(filepath.Join(candidate, name)); err == nil {
				return candidate, nil
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "batches.meta")); err == nil {
		return "", errors.Errorf("CIFAR-10: %q holds the Python version of the data, the binary version is wanted: %s", dir, cifarWayOut)
	}
	return "", errors.Errorf("CIFAR-10: folder %q holds neither %s nor %s: %s", dir, cifarTestFiles[0], cifarFolder, cifarWayOut)
}

// unreadable adds the way out to an error of the operating system, which names the file.
func unreadable(err error) error {
	return errors.Wrapf(err, "reading CIFAR-10 (if it is not there, %s)", cifarWayOut)
}

// readClasses reads one class name per line.
func readClasses(path string) ([]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, unreadable(err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, 4096))
	if err != nil {
		return nil, errors.Wrapf(err, "CIFAR-10 class names %q", path)
	}
	classes := strings.Fields(string(text))
	if len(classes) != cifarClasses {
		return nil, errors.Errorf("CIFAR-10: %q has %d class names, want %d: %s", path, len(classes), cifarClasses, cifarWayOut)
	}
	return classes, nil
}

// readBatches reads files one after the other in number, at the same time in fact.
func readBatches(name, dir string, files, classes []string) (Dataset, error) {
	starts := make([]int, len(files)+1)
	for i, file := range files {
		records, err := countRecords(filepath.Join(dir, file))
		if err != nil {
			return nil, err
		}
		starts[i+1] = starts[i] + records
	}
	shape := Shape{cifarSide, cifarSide, 3}
	labels := make([]int32, starts[len(files)])
	pixels := make([]uint8, len(labels)*shape.Size())
	var group errgroup.Group
	for i, file := range files {
		from, to := starts[i], starts[i+1]
		group.Go(func() error {
			return readRecords(filepath.Join(dir, file), labels[from:to], pixels[from*shape.Size():to*shape.Size()])
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return NewMemory(name, shape, classes, labels, pixels)
}

// countRecords returns the number of records of a batch file, judged by its size.
func countRecords(path string) (int, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, unreadable(err)
	}
	if !info.Mode().IsRegular() {
		return 0, errors.Errorf("CIFAR-10: %q is not a regular file: %s", path, cifarWayOut)
	}
	size := info.Size()
	if size == 0 || size%cifarRecord != 0 {
		return 0, errors.Errorf("CIFAR-10: %q is cut short: %d bytes is not a whole number of records of %d bytes, expected %d (10,000 records): %s",
			path, size, cifarRecord, 10_000*cifarRecord, cifarWayOut)
	}
	if size/cifarRecord > cifarMaxRecords {
		return 0, errors.Errorf("CIFAR-10: %q has %d bytes, more than %d records: not a batch of CIFAR-10: %s", path, size, cifarMaxRecords, cifarWayOut)
	}
	return int(size / cifarRecord), nil
}

// readRecords fills labels [n] and pixels [n, 32, 32, 3] from the first n records of a batch file.
func readRecords(path string, labels []int32, pixels []uint8) error {
	file, err := os.Open(path)
	if err != nil {
		return unreadable(err)
	}
	defer file.Close()
	reader := bufio.NewReaderSize(file, 64*cifarRecord)
	record := make([]uint8, cifarRecord)
	for i := range labels {
		if _, err := io.ReadFull(reader, record); err != nil {
			return errors.Wrapf(err, "CIFAR-10 batch %q, record %d of %d", path, i, len(labels))
		}
		if record[0] >= cifarClasses {
			return errors.Errorf("CIFAR-10: %q, record %d: label %d, want at most %d: the file is damaged or of another data set (CIFAR-100?): %s",
				path, i, record[0], cifarClasses-1, cifarWayOut)
		}
		labels[i] = int32(record[0])
		interleave(record[1:], pixels[i*3*cifarPlane:(i+1)*3*cifarPlane])
	}
	return nil
}

// interleave turns planes [3,32,32] into pixels [32,32,3].
func interleave(planes, pixels []uint8) {
	red, green, blue := planes[:cifarPlane], planes[cifarPlane:2*cifarPlane], planes[2*cifarPlane:3*cifarPlane]
	for i := range cifarPlane {
		pixel := pixels[3*i : 3*i+3 : 3*i+3]
		pixel[0], pixel[1], pixel[2] = red[i], green[i], blue[i]
	}
}
