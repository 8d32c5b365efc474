package backend

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"

	"github.com/pkg/errors"
)

// maxPluginBytes bounds what is unpacked: the plugins have 200 to 500 MB.
const maxPluginBytes = 2 << 30

// sumFile returns the sha256 of a file in hexadecimal.
func sumFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", errors.WithStack(err)
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return "", errors.Wrapf(err, "reading %s", path)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// extract writes one file of a wheel to path. No name in the wheel decides where anything is written.
func extract(wheel, name, path string) error {
	archive, err := zip.OpenReader(wheel)
	if err != nil {
		return errors.Wrapf(err, "opening the wheel %s", wheel)
	}
	defer archive.Close()
	for _, entry := range archive.File {
		if entry.Name != name {
			continue
		}
		if entry.UncompressedSize64 > maxPluginBytes {
			return errors.Errorf("wheel %s: %s claims %d bytes, more than %d", wheel, name, entry.UncompressedSize64, int64(maxPluginBytes))
		}
		r, err := entry.Open()
		if err != nil {
			return errors.Wrapf(err, "wheel %s: opening %s", wheel, name)
		}
		defer r.Close()
		return errors.Wrapf(writeFile(path, r, int64(entry.UncompressedSize64)), "wheel %s: unpacking %s", wheel, name)
	}
	return errors.Errorf("wheel %s does not hold %s", wheel, name)
}

// copyFile copies a file of up to maxPluginBytes.
func copyFile(from, to string) error {
	f, err := os.Open(from)
	if err != nil {
		return errors.WithStack(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return errors.WithStack(err)
	}
	return errors.Wrapf(writeFile(to, f, info.Size()), "copying %s", from)
}

// writeFile writes exactly size bytes of r to a new file and makes sure that they are on the disk.
func writeFile(path string, r io.Reader, size int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return errors.WithStack(err)
	}
	n, err := io.Copy(f, io.LimitReader(r, size+1)) // one more, for the checksum of a zip entry is looked at when its end is read
	if err == nil && n != size {
		err = errors.Errorf("got %d bytes, want %d", n, size)
	}
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return errors.WithStack(err)
}
