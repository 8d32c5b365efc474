package buildinfo_test

import (
	"runtime"
	"testing"

	"github.com/lowprec/lpnets/internal/buildinfo"
)

// An image has no git; tests are built without a stamp.
func TestRevisionOfAnImage(t *testing.T) {
	t.Setenv("LPNETS_REVISION", "0123456")
	if got := buildinfo.Read(); got.Revision != "0123456" || got.Go != runtime.Version() {
		t.Errorf("got %+v, want revision 0123456 and %s", got, runtime.Version())
	}
}
