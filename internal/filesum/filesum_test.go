package filesum_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/internal/filesum"
)

// TestSHA256 has the example of FIPS 180-4.
func TestSHA256(t *testing.T) {
	path := filepath.Join(t.TempDir(), "abc")
	if err := os.WriteFile(path, []byte("abc"), 0o644); err != nil {
		t.Fatal(err)
	}
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if got, err := filesum.SHA256(path); err != nil || got != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	for _, path := range []string{path + "x", filepath.Dir(path)} {
		if _, err := filesum.SHA256(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want one that names it", path, err)
		}
	}
}
