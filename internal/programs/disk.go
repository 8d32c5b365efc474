package programs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/lowprec/lpnets/internal/atomicfile"
)

// maxSize is how many bytes a folder of programs has at most.
const maxSize = 1 << 30

// Disk keeps programs in a folder, which processes share. What cannot be read or written there is compiled again, and that is
// all: it is a cache.
//
// A file has the SHA-256 of a program and the program. Files that were not read for the longest time go when the folder
// exceeds 1 GiB.
type Disk struct {
	// Folder is made when it is needed.
	Folder string

	// Environment has all that a plugin compiles by besides the program: itself, the processor, flags.
	Environment string
}

// extension is that of a program's file.
const extension = ".xla"

func (d *Disk) path(name string) string {
	sum := sha256.Sum256([]byte(d.Environment + "\n" + name))
	return filepath.Join(d.Folder, hex.EncodeToString(sum[:])+extension)
}

// read returns the program of a name, nil if there is none or it is damaged.
func (d *Disk) read(name string) []byte {
	if d == nil {
		return nil
	}
	path := d.path(name)
	if info, err := os.Stat(path); err != nil || info.Size() > maxSize {
		return nil
	}
	data, err := os.ReadFile(path)
	if err != nil || len(data) < sha256.Size {
		return nil
	}
	sum := sha256.Sum256(data[sha256.Size:])
	if !bytes.Equal(sum[:], data[:sha256.Size]) {
		return nil
	}
	now := time.Now()
	os.Chtimes(path, now, now) // fails where the folder is not ours to write
	return data[sha256.Size:]
}

// write keeps a program under a name, and removes those that are too much.
func (d *Disk) write(name string, program []byte) {
	if d == nil || os.MkdirAll(d.Folder, 0o700) != nil {
		return
	}
	sum := sha256.Sum256(program)
	if atomicfile.WriteBytes(d.path(name), slices.Concat(sum[:], program)) == nil {
		d.trim(maxSize)
	}
}

func (d *Disk) remove(name string) { os.Remove(d.path(name)) }

// trim removes the files that were not read for the longest time until the others have so many bytes at most, and what an
// interrupted write left an hour ago.
func (d *Disk) trim(size int64) {
	entries, err := os.ReadDir(d.Folder)
	if err != nil {
		return
	}
	var files []fs.FileInfo
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		switch {
		case filepath.Ext(info.Name()) == extension:
			files = append(files, info)
		case atomicfile.IsLeftover(info.Name()) && time.Since(info.ModTime()) > time.Hour:
			os.Remove(filepath.Join(d.Folder, info.Name()))
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, file := range files {
		if size -= file.Size(); size < 0 {
			os.Remove(filepath.Join(d.Folder, file.Name()))
		}
	}
}
