//go:build unix

package main

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
)

// bomb is a PNG of few bytes that says it has 20,000 x 20,000 pixels.
func bomb() []byte {
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), 20_000), 20_000)
	header = append(header, 8, 2, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), header...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(header))
}

// TestHostileFolder: whatever lies among the photographs is an error that names it, or is counted and listed; memory is not what a file says it needs.
func TestHostileFolder(t *testing.T) {
	t.Parallel()
	dir, whole := photographs(t), photo(t, 1, 256, 256)
	write(t, dir, map[string][]byte{"train/" + fox + "/cut.JPEG": whole[:len(whole)/2], "train/" + fox + "/text.jpg": []byte("hello there"), "val/" + fox + "/bomb.png": bomb()})
	if err := os.Mkdir(filepath.Join(dir, "train", "n01440764"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("loop.jpg", filepath.Join(dir, "val", fox, "loop.jpg")); err != nil {
		t.Skip(err)
	}
	reasons := map[string]string{"cut.JPEG": "cut short", "text.jpg": "neither JPEG nor PNG", "bomb.png": "20000x20000", "n01440764": "without pictures", "loop.jpg": "too many levels"}
	to := filepath.Join(t.TempDir(), "prepared")
	prepare := []string{"data", "prepare", dir, to, "--network", "resnet18"}
	refusal{args: prepare, want: []string{dir, "allow bad files to be skipped"}}.check(t)
	refusal{args: append(slices.Clone(prepare), "--skip-bad", "4"), want: []string{"more than the 4 bad files that may be skipped"}}.check(t)

	cmd := command(append(prepare, "--skip-bad", "5", "--json")...)
	got := run(t, cmd)
	if got.code != 0 {
		t.Fatalf("exit code %d: %s", got.code, got.stderr)
	}
	fields := decode(t, got.stdout)
	wantField(t, fields, "train_images", 16.)
	wantField(t, fields, "val_images", 4.)
	wantSkipped(t, fields, reasons)
	const most = 400 << 10                                                                                                // kB; the bomb would take 1.2 GB, the program alone takes 60 MB
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok && runtime.GOOS == "linux" && usage.Maxrss > most { // elsewhere in other units
		t.Errorf("%d kB of memory, want %d at most", usage.Maxrss, most)
	}
}

// TestHostileArchive: names in an archive lead nowhere.
func TestHostileArchive(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, file := range []struct {
		name    string
		content []byte
	}{{"../../evil.jpg", photo(t, 1, 64, 64)}, {"../../evil.cls", []byte("278")}, {"/etc/evil.jpg", photo(t, 2, 64, 64)}, {"/etc/evil.cls", []byte("3")}} {
		if err := w.WriteHeader(&tar.Header{Name: file.name, Mode: 0o644, Size: int64(len(file.content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(file.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, parent, map[string][]byte{"a/b/from/val-0.tar": archive.Bytes()})
	fields := parsed(t, "val_images", "data", "prepare", filepath.Join(parent, "a", "b", "from"), filepath.Join(parent, "a", "b", "to"))
	wantField(t, fields, "val_images", 2.)
	var found []string
	err := filepath.WalkDir(parent, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && entry.Name() != ".lock" {
			found = append(found, filepath.Base(path))
		}
		return err
	})
	if want := []string{"val-0.tar", "val-00000-of-00001.lpqshard"}; err != nil || !slices.Equal(found, want) {
		t.Errorf("files %v, want %v; %v", found, want, err)
	}
}
