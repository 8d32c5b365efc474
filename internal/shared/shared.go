// Package shared finds the folder of reference data that the tests compare with: PyTorch's outputs, pretrained networks, data sets.
//
// The product never needs that folder; only tests do, and a test that misses it fails and says so.
package shared

import (
	"os"
	"path/filepath"
	"testing"
)

// EnvDir names the folder where it does not lie beside the checkout.
const EnvDir = "LPQ_SHARED"

// Dir returns the absolute path of the reference folder: $LPQ_SHARED, or `shared` beside the module's root.
// The test fails if it is not there.
func Dir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv(EnvDir)
	if dir == "" {
		dir = filepath.Join(moduleRoot(t), "..", "shared")
	}
	if _, err := os.Stat(filepath.Join(dir, "golden")); err != nil {
		t.Fatalf("the reference data (golden/, models/, data/) are not in %s: put them beside the checkout or name their folder in $%s: %v", dir, EnvDir, err)
	}
	return dir
}

// Path joins elements to Dir and fails the test if that file or folder does not exist.
func Path(t testing.TB, elements ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{Dir(t)}, elements...)...)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("reference data: %v", err)
	}
	return path
}

// moduleRoot is the nearest folder upwards that holds go.mod.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatalf("no go.mod in any folder above the test's")
		}
		dir = parent
	}
}
