package imagenet_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/data/imagenet"
)

// bomb is a PNG of a few bytes that says it has 20,000 x 20,000 pixels.
func bomb() []byte {
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), 20_000), 20_000)
	header = append(header, 8, 2, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), header...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(header))
}

// hostile are files that are bad when they are read, and what is said of them.
func hostile(t *testing.T) (files map[string][]byte, reasons map[string]string) {
	whole := photo(t, "420.jpg")
	return map[string][]byte{"cut.jpg": whole[:len(whole)/2], "text.jpg": []byte("hello there"), "bomb.png": bomb(), "empty.jpeg": nil},
		map[string]string{"cut.jpg": "the file is cut short", "text.jpg": `neither JPEG nor PNG: it begins with "hello th"`, "bomb.png": "20000x20000, want 1 to",
			"empty.jpeg": "neither JPEG nor PNG"}
}

// TestBadPictures: each is an error that names it, and is left out where that is allowed; memory is not what the file says it needs.
func TestBadPictures(t *testing.T) {
	files, reasons := hostile(t)
	for name, content := range files {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, map[string][]byte{"val/" + tench + "/" + name: content, "val/" + tench + "/good.jpg": photo(t, "grey.jpg")})
			_, val := open(t, dir, imagenet.Options{})
			i := 0 // of the bad one
			if name > "good.jpg" {
				i = 1
			}
			image := make([]uint8, val.Shape().Size())
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := val.Image(i, image)
			runtime.ReadMemStats(&after)
			wantError(t, err, filepath.Join(dir, "val", tench, name), reasons[name], "allow bad files to be skipped")
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
				t.Errorf("%d bytes of memory for %d of file", grown, len(content))
			}

			bad := &imagenet.BadFiles{Limit: 1}
			_, val = open(t, dir, imagenet.Options{Bad: bad})
			for range 2 { // once more counts once
				err := val.Image(i, image)
				var skip data.Skip
				if !errors.Is(err, data.ErrSkip) || !errors.As(err, &skip) {
					t.Fatalf("got error %v, want one to skip", err)
				}
				if err := skip.LeftOut(); err != nil {
					t.Error(err)
				}
			}
			if list := bad.List(); len(list) != 1 || filepath.Base(list[0].Name) != name || !strings.Contains(list[0].Reason, reasons[name]) {
				t.Errorf("listed %+v", list)
			}
		})
	}
}

// TestBadEntries: links and folders.
func TestBadEntries(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, tree(t))
	class := filepath.Join(dir, "train", tench)
	for link, to := range map[string]string{
		filepath.Join(class, "loop.jpg"):         "loop.jpg",
		filepath.Join(class, "up"):               "..",
		filepath.Join(class, "gone.jpg"):         "nowhere",
		filepath.Join(dir, "train", "n01484850"): "n01484850",
		filepath.Join(class, "zz.jpg"):           filepath.Join("..", goldfish, "a.JPEG"), // good
		filepath.Join(dir, "train", "n01491361"): goldfish,                                // good
	} {
		if err := os.Symlink(to, link); err != nil {
			t.Skip(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "train", "n01494475"), 0o777); err != nil { // an empty class
		t.Fatal(err)
	}
	_, _, err := imagenet.Open(dir, imagenet.Options{Preprocess: small})
	wantError(t, err, "n01484850", "allow bad files to be skipped")
	_, _, err = imagenet.Open(dir, imagenet.Options{Preprocess: small, Bad: &imagenet.BadFiles{Limit: 4}})
	wantError(t, err, "more than the 4 bad files that may be skipped")

	bad := &imagenet.BadFiles{Limit: 5}
	train, _ := open(t, dir, imagenet.Options{Bad: bad})
	if want := []int32{0, 0, 0, 1, 1, 3, 3, 999, 999}; !slices.Equal(labels(train), want) {
		t.Errorf("got labels %v, want %v", labels(train), want)
	}
	images(t, train)
	var names []string
	for _, file := range bad.List() {
		names = append(names, filepath.Base(file.Name))
	}
	if want := []string{"gone.jpg", "loop.jpg", "up", "n01484850", "n01494475"}; !slices.Equal(names, want) {
		t.Errorf("left out %v, want %v", names, want)
	}
}

// TestNamesInArchives: they lead nowhere.
func TestNamesInArchives(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "data")
	write(t, dir, map[string][]byte{"val/0.tar": archive(t, file{"../../evil.jpg", photo(t, "grey.jpg")}, file{"../../evil.cls", []byte("3")},
		file{"/etc/evil.jpg", photo(t, "420.jpg")}, file{"/etc/evil.cls", []byte("4")}, file{"a\x1b[2J.jpg", []byte("text")}, file{"a\x1b[2J.cls", []byte("5")})})
	_, val := open(t, dir, imagenet.Options{})
	if got := labels(val); !slices.Equal(got, []int32{3, 4, 5}) {
		t.Errorf("got labels %v", got)
	}
	images(t, data.Head(val, 2))
	err := val.Image(2, make([]uint8, val.Shape().Size()))
	wantError(t, err, `0.tar: "a\x1b[2J.jpg"`)
	if entries, err := os.ReadDir(parent); err != nil || len(entries) != 1 {
		t.Errorf("%d files beside the data, %v", len(entries), err)
	}
}

// TestLoaderCountsWhatItHandsOut: bad files that only workers have met, ahead of a consumer that has enough, count for nothing.
func TestLoaderCountsWhatItHandsOut(t *testing.T) {
	dir := t.TempDir()
	files := tree(t)
	files["train/"+toilet+"/x.jpg"], files["train/"+toilet+"/y.jpg"] = []byte("bad"), []byte("bad") // the last two
	write(t, dir, files)
	bad := &imagenet.BadFiles{Limit: 1}
	train, _ := open(t, dir, imagenet.Options{Bad: bad})
	l := &data.Loader{Dataset: train, BatchSize: 1, Workers: 4, Prefetch: 8}
	handed := 0
	for _, err := range l.Epoch(t.Context(), 0, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if handed++; handed == 3 {
			time.Sleep(50 * time.Millisecond) // the workers read on
			break
		}
	}
	if list := bad.List(); len(list) > 0 {
		t.Errorf("left out %+v of the first three images", list)
	}
	var last error
	for _, err := range l.Epoch(t.Context(), 0, 0) {
		last = err
	}
	wantError(t, last, "more than the 1 bad files that may be skipped", "y.jpg")
}

// TestLoaderLeavesOut: batches are smaller, or full with others where they have to be full.
func TestLoaderLeavesOut(t *testing.T) {
	dir := t.TempDir()
	files := tree(t)
	files["train/"+tench+"/xx.jpg"] = []byte("bad")
	write(t, dir, files)
	train, _ := open(t, dir, imagenet.Options{Bad: &imagenet.BadFiles{Limit: 1}})
	var want []uint8
	wantLabels := []int32{0, 0, 1, 1, 999, 999}
	for i := range train.Len() {
		image := make([]uint8, train.Shape().Size())
		if err := train.Image(i, image); err == nil {
			want = append(want, image...)
		}
	}
	for _, dropLast := range []bool{false, true} {
		var images []uint8
		var labels []int32
		l := &data.Loader{Dataset: train, BatchSize: 3, DropLast: dropLast, Workers: 2}
		for batch, err := range l.Epoch(t.Context(), 0, 0) {
			if err != nil {
				t.Fatal(err)
			}
			images, labels = append(images, batch.Images...), append(labels, batch.Labels...)
			if dropLast && batch.Size != 3 {
				t.Errorf("batch of %d", batch.Size)
			}
		}
		if dropLast { // picture 1, the bad one, is replaced by picture 2
			size := train.Shape().Size()
			want = slices.Concat(want[:2*size], want[size:5*size])
			wantLabels = []int32{0, 0, 0, 1, 1, 999}
		}
		if !bytes.Equal(images, want) || !slices.Equal(labels, wantLabels) {
			t.Errorf("full batches %v: got labels %v, want %v, or other images", dropLast, labels, wantLabels)
		}
	}
}
