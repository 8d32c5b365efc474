package wheel_test

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/internal/filesum"
	"github.com/lowprec/lpnets/internal/wheel"
)

// make1 makes a wheel with that one file of 1,000 bytes; damage changes its bytes.
func make1(t *testing.T, name string, damage func(data []byte) []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.whl")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err == nil {
		_, err = w.Write(make([]byte, 1000))
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, damage(data), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func same(data []byte) []byte { return data }

func TestExtract(t *testing.T) {
	for _, c := range []struct {
		name, entry string
		damage      func([]byte) []byte
		maxBytes    int64
		want        string // part of the error; empty for none
	}{
		{name: "whole", entry: "a/b.pth", damage: same, maxBytes: 1000},
		{name: "over the bound", entry: "a/b.pth", damage: same, maxBytes: 999, want: "unpacking a/b.pth: it claims 1000 bytes, more than 999"},
		{name: "not in it", entry: "a/c.pth", damage: same, maxBytes: 1000, want: "does not hold a/b.pth"},
		{name: "cut", entry: "a/b.pth", damage: func(d []byte) []byte { return d[:len(d)-10] }, maxBytes: 1000, want: "opening the wheel"},
		{name: "a byte changed", entry: "a/b.pth", damage: func(d []byte) []byte { d[500] = 1; return d }, maxBytes: 1000, want: "unpacking a/b.pth"},
	} {
		path := make1(t, c.entry, c.damage)
		to := filepath.Join(t.TempDir(), "out.pth")
		err := wheel.Extract(path, "a/b.pth", to, c.maxBytes)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path)) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
		info, statErr := os.Stat(to)
		if (statErr == nil) != (c.want == "") || statErr == nil && info.Size() != 1000 {
			t.Errorf("%s: left %v, %v", c.name, info, statErr)
		}
	}
}

func TestCheck(t *testing.T) {
	path := make1(t, "a", same)
	sum, err := filesum.SHA256(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := (wheel.Wheel{SHA256: sum}).Check(path); err != nil {
		t.Error(err)
	}
	if err := (wheel.Wheel{SHA256: "00"}).Check(path); err == nil || !strings.Contains(err.Error(), "sha256 "+sum+", want 00") {
		t.Errorf("got %v", err)
	}
}
