//go:build !cgo || noxla

package backend_test

import (
	"strings"
	"testing"

	"github.com/lowprec/lpnets/lpq/backend"
)

// A binary without XLA says so, and runs what needs none.
func TestWithoutXLA(t *testing.T) {
	if backend.HasXLA() {
		t.Error("HasXLA is true")
	}
	for _, config := range []string{"xla", "xla:cpu", "xla:cuda", "xla:/x.so"} {
		if _, err := backend.Open(backend.Options{Config: config}); err == nil || !strings.Contains(err.Error(), "built without XLA") {
			t.Errorf("%s: got %v", config, err)
		}
	}
	b, err := backend.Open(backend.Options{Config: "go"})
	if err != nil {
		t.Fatal(err)
	}
	b.Finalize()
	for _, plugin := range backend.List() {
		if plugin.Name != "go" && plugin.Problem == nil {
			t.Errorf("%+v has no problem", plugin)
		}
	}
}
