// Package filesum computes checksums of files.
package filesum

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"

	"github.com/pkg/errors"
)

// SHA256 returns the sha256 of a file in hexadecimal. It returns an error for what is no regular file: to read a pipe would wait for its other end.
func SHA256(path string) (string, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return "", errors.Errorf("%s is a folder or a device, want a file", path)
	}
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
