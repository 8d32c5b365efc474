package data_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/lpq/data"
)

const recordSize = 3073

var cifarFiles = []string{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"}

// TestOpenCIFAR10 compares every label, and the pixels of some images, with the bytes of the files as the format's description has them.
func TestOpenCIFAR10(t *testing.T) {
	dir := shared.Path(t, "data", "cifar-10-batches-bin")
	train, test, err := data.OpenCIFAR10(filepath.Dir(dir)) // the parent is accepted too
	if err != nil {
		t.Fatal(err)
	}
	if train.Len() != 50_000 || test.Len() != 10_000 {
		t.Fatalf("got %d and %d images, want 50,000 and 10,000", train.Len(), test.Len())
	}
	if got := train.Shape(); got != (data.Shape{Height: 32, Width: 32, Channels: 3}) {
		t.Errorf("shape %+v", got)
	}
	if got := strings.Join(test.Classes(), " "); got != "airplane automobile bird cat deer dog frog horse ship truck" {
		t.Errorf("classes %s", got)
	}
	for f, file := range cifarFiles {
		raw, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		set, first := train, 10_000*f
		if file == "test_batch.bin" {
			set, first = test, 0
		}
		for i := range 10_000 {
			record := raw[i*recordSize : (i+1)*recordSize]
			if got := set.Label(first + i); got != int32(record[0]) {
				t.Fatalf("%s record %d: label %d, want %d", file, i, got, record[0])
			}
			if i%97 == 0 || i == 9_999 {
				compareRecord(t, set, first+i, record)
			}
		}
	}
}

func compareRecord(t *testing.T, set data.Dataset, i int, record []byte) {
	t.Helper()
	image := make([]uint8, 3072)
	if err := set.Image(i, image); err != nil {
		t.Fatal(err)
	}
	for y := range 32 {
		for x := range 32 {
			for c := range 3 {
				if got, want := image[(y*32+x)*3+c], record[1+c*1024+y*32+x]; got != want {
					t.Fatalf("%s image %d (%d,%d,%d): got %d, want %d", set.Name(), i, y, x, c, got, want)
				}
			}
		}
	}
}

// writeCIFAR writes a data set of n records a file, whose bytes tell their file, record and place.
func writeCIFAR(t testing.TB, dir string, n int) {
	t.Helper()
	for f, file := range cifarFiles {
		raw := make([]byte, n*recordSize)
		for i := range raw {
			raw[i] = byte(i%recordSize + 31*(i/recordSize) + 7*f)
		}
		for i := range n {
			raw[i*recordSize] = byte((i + f) % 10)
		}
		writeFile(t, filepath.Join(dir, file), raw)
	}
	writeFile(t, filepath.Join(dir, "batches.meta.txt"), []byte("a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n"))
}

func writeFile(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOpenCIFAR10OfAnySize(t *testing.T) {
	dir := t.TempDir()
	writeCIFAR(t, dir, 3)
	train, test, err := data.OpenCIFAR10(dir)
	if err != nil {
		t.Fatal(err)
	}
	if train.Len() != 15 || test.Len() != 3 || train.Label(4) != 2 || test.Classes()[9] != "j" {
		t.Errorf("got %d and %d images, label %d", train.Len(), test.Len(), train.Label(4))
	}
}

func TestOpenCIFAR10Errors(t *testing.T) {
	remove := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	truncate := func(name string, size int64) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.Truncate(filepath.Join(dir, name), size); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tc := range []struct {
		name  string
		spoil func(t *testing.T, dir string)
		want  []string
	}{
		{"missing batch", remove("data_batch_3.bin"), []string{"data_batch_3.bin", "no such file", "cifar-10-binary.tar.gz"}},
		{"missing test batch", remove("test_batch.bin"), []string{"test_batch.bin", "no such file"}},
		{"missing names", remove("batches.meta.txt"), []string{"batches.meta.txt", "no such file"}},
		{"empty batch", truncate("data_batch_1.bin", 0), []string{"data_batch_1.bin", "cut short", "expected 30730000"}},
		{"batch cut short", truncate("data_batch_5.bin", 2*recordSize+100), []string{"data_batch_5.bin", "cut short", "6246 bytes", "expected 30730000"}},
		{"huge sparse batch", truncate("test_batch.bin", 1_000_001*recordSize), []string{"test_batch.bin", "more than 1000000 records"}},
		{"names cut short", truncate("batches.meta.txt", 4), []string{"batches.meta.txt", "2 class names"}},
		{"label above 9", func(t *testing.T, dir string) {
			raw := make([]byte, 2*recordSize)
			raw[recordSize] = 10
			writeFile(t, filepath.Join(dir, "data_batch_2.bin"), raw)
		}, []string{"data_batch_2.bin", "record 1", "label 10", "CIFAR-100"}},
		{"batch is a folder", func(t *testing.T, dir string) {
			remove("data_batch_4.bin")(t, dir)
			if err := os.Mkdir(filepath.Join(dir, "data_batch_4.bin"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, []string{"data_batch_4.bin", "not a regular file"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			writeCIFAR(t, dir, 3)
			tc.spoil(t, dir)
			wantError(t, dir, tc.want...)
		})
	}
}

func TestOpenCIFAR10OfNoSuchFolder(t *testing.T) {
	empty, archive, python := t.TempDir(), filepath.Join(t.TempDir(), "cifar-10-binary.tar.gz"), t.TempDir()
	writeFile(t, archive, nil)
	writeFile(t, filepath.Join(python, "batches.meta"), nil)
	wantError(t, empty, empty, "neither test_batch.bin nor cifar-10-batches-bin")
	wantError(t, archive, archive, "is a file")
	wantError(t, python, python, "Python version")
	wantError(t, filepath.Join(empty, "nowhere"), "nowhere", "no such file")
	wantError(t, "", "no such file")
}

func wantError(t *testing.T, dir string, want ...string) {
	t.Helper()
	train, test, err := data.OpenCIFAR10(dir)
	if err == nil || train != nil || test != nil {
		t.Fatalf("got %v, %v, %v, want an error alone", train, test, err)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

// FuzzOpenCIFAR10 replaces one batch by anything: an error, or images whose bytes are those of the file.
func FuzzOpenCIFAR10(f *testing.F) {
	dir := f.TempDir()
	writeCIFAR(f, dir, 1)
	f.Add([]byte{})
	f.Add(make([]byte, recordSize))
	f.Add(bytes.Repeat([]byte{10}, recordSize))
	f.Add(make([]byte, 2*recordSize-1))
	f.Fuzz(func(t *testing.T, raw []byte) {
		writeFile(t, filepath.Join(dir, "test_batch.bin"), raw)
		_, test, err := data.OpenCIFAR10(dir)
		if err != nil {
			return
		}
		if test.Len()*recordSize != len(raw) {
			t.Fatalf("%d images from %d bytes", test.Len(), len(raw))
		}
		compareRecord(t, test, test.Len()-1, raw[len(raw)-recordSize:])
	})
}

func BenchmarkOpenCIFAR10(b *testing.B) {
	dir := shared.Path(b, "data", "cifar-10-batches-bin")
	for b.Loop() {
		if _, _, err := data.OpenCIFAR10(dir); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(60_000*float64(b.N)/b.Elapsed().Seconds(), "images/s")
}
