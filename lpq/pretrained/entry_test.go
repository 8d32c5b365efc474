package pretrained_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/pretrained"
)

// TestEntriesFitTheZoo compares the table with the networks' own: every entry has its network, in the same order.
func TestEntriesFitTheZoo(t *testing.T) {
	var known []string
	for _, e := range pretrained.Entries() {
		known = append(known, e.Network)
		if _, err := models.Get(e.Network); err != nil {
			t.Error(err)
		}
	}
	var zoo []string
	for _, name := range models.Names() {
		if name != "resnet8" { // built in, and nobody else's
			zoo = append(zoo, name)
		}
	}
	if got, want := strings.Join(known, " "), strings.Join(zoo, " "); got != want {
		t.Errorf("weights are known of %s; want those of %s", got, want)
	}
}

// TestEntriesAreComplete checks each entry against itself: file names carry the first digits of the sums.
func TestEntriesAreComplete(t *testing.T) {
	sum := regexp.MustCompile(`^([0-9a-f]{8}|[0-9a-f]{64})$`)
	inName := regexp.MustCompile(`-([0-9a-f]{8})\.(th|pth)$`)
	for _, e := range pretrained.Entries() {
		name := inName.FindStringSubmatch(e.File())
		if name == nil || !sum.MatchString(e.SHA256) || !strings.HasPrefix(e.SHA256, name[1]) {
			t.Errorf("%s: file %s, sha256 %s", e.Network, e.File(), e.SHA256)
		}
		if e.Licence == "" || e.Origin == "" || e.AccuracySource == "" || !(50 < e.Top1Pct && e.Top1Pct < 100) || e.Top5Pct != 0 && e.Top5Pct <= e.Top1Pct {
			t.Errorf("%+v is not complete", e)
		}
		if strings.HasPrefix(e.URL, "https://") == (len(e.Wheel.SHA256) == 64) {
			t.Errorf("%s: URL %q, wheel %+v", e.Network, e.URL, e.Wheel)
		}
	}
}

// TestCheckKnowsTheFiles checks files as they were published.
func TestCheckKnowsTheFiles(t *testing.T) {
	folders := map[string]string{"efficientnet_lite0": "efficientnet_lite0"}
	checked := 0
	for _, e := range pretrained.Entries() {
		path := filepath.Join(shared.Path(t, "models"), folders[e.Network], e.File())
		if _, err := os.Stat(path); err != nil {
			continue // the large ones are not among the reference data
		}
		checked++
		if err := e.Check(path); err != nil {
			t.Error(err)
		}
	}
	if checked != 5 {
		t.Errorf("%d files were there, want 5", checked)
	}
}

func TestGetNamesTheOthers(t *testing.T) {
	if _, err := pretrained.Get("alexnet"); err == nil || !strings.Contains(err.Error(), `"alexnet"`) || !strings.Contains(err.Error(), "vgg16_bn") {
		t.Errorf("got %v, want the names there are", err)
	}
}

// TestCheck has entries of which more or less is known.
func TestCheck(t *testing.T) {
	path := write(t, "abc", []byte("abc"))
	const sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-4
	for _, c := range []struct {
		name, sum string
		size      int64
		want      string // part of the error; empty for none
	}{
		{"all", sum, 3, ""},
		{"eight digits", sum[:8], 3, ""},
		{"no size", sum, 0, ""},
		{"another size", sum, 4, "it has 3 bytes, want 4"},
		{"another sum", sum[:63] + "e", 3, "its sha256 is " + sum},
		{"eight other digits", "ba7816b0", 3, "want ba7816b0"},
	} {
		err := pretrained.Entry{URL: "https://example.org/a.pth", SHA256: c.sum, Size: c.size}.Check(path)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "is not a.pth")) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}
