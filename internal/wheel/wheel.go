// Package wheel fetches Python wheels with pip, by the user's own settings for index, proxy and certificates, and takes files out of them.
//
//	w := wheel.Wheel{Name: "xla-cpu-pjrt", Version: "0.0.1", SHA256: "55837b…"}
//	path, err := wheel.Download(ctx, w, dir, logf)
//	err = wheel.Extract(path, "xla_plugins/xla_cpu_pjrt/xla_cpu_pjrt.so", "plugin.so", 1<<30)
package wheel

import (
	"archive/zip"
	"io"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/internal/atomicfile"
)

// Wheel is one file of a package index.
type Wheel struct {
	Name, Version string // exact
	SHA256        string // of the file, hexadecimal
}

// Extract writes one file of a wheel to a path, whole or not at all. No name in the wheel decides where anything is written, and no more than
// maxBytes are.
func Extract(wheel, name, path string, maxBytes int64) error {
	archive, err := zip.OpenReader(wheel)
	if err != nil {
		return errors.Wrapf(err, "opening the wheel %s", wheel)
	}
	defer archive.Close()
	for _, entry := range archive.File {
		if entry.Name == name {
			return errors.WithMessagef(unpack(entry, path, maxBytes), "wheel %s: unpacking %s", wheel, name)
		}
	}
	return errors.Errorf("wheel %s does not hold %s", wheel, name)
}

func unpack(entry *zip.File, path string, maxBytes int64) error {
	size := entry.UncompressedSize64
	if size > uint64(maxBytes) {
		return errors.Errorf("it claims %d bytes, more than %d", size, maxBytes)
	}
	r, err := entry.Open()
	if err != nil {
		return errors.WithStack(err)
	}
	defer r.Close()
	return atomicfile.Write(path, func(w io.Writer) error {
		n, err := io.Copy(w, io.LimitReader(r, int64(size)+1)) // one more, for the checksum is looked at when the end is read
		if err == nil && n != int64(size) {
			err = errors.Errorf("got %d bytes, want %d", n, size)
		}
		return errors.WithStack(err)
	})
}
