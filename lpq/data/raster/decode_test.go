package raster_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/lpq/data/raster"
)

// read decodes a file, which must be good.
func read(t testing.TB, path string) *raster.RGB {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := raster.Decode(content)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return picture
}

// compare fails if the top left of got is not want, to the last bit.
func compare(t *testing.T, got, want *raster.RGB) {
	t.Helper()
	if got.Width < want.Width || got.Height < want.Height {
		t.Fatalf("got %dx%d, want %dx%d", got.Width, got.Height, want.Width, want.Height)
	}
	different := 0
	for y := range want.Height {
		for x := range 3 * want.Width {
			if got.Pix[3*y*got.Width+x] != want.Pix[3*y*want.Width+x] {
				different++
			}
		}
	}
	if different > 0 {
		t.Errorf("%d of %d levels differ", different, len(want.Pix))
	}
}

// TestDecodeEqualsPIL: all kinds of small files, against PIL. The expected pictures are plain RGB in PNG, which Go's own image/png decodes.
func TestDecodeEqualsPIL(t *testing.T) {
	files, err := filepath.Glob("testdata/decode/*.expect.png")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		base := strings.TrimSuffix(file, ".expect.png")
		t.Run(filepath.Base(base), func(t *testing.T) {
			path := base + ".jpg"
			if _, err := os.Stat(path); err != nil {
				path = base + ".png"
			}
			got, want := read(t, path), read(t, file)
			if got.Width != want.Width || got.Height != want.Height {
				t.Errorf("got %dx%d, want %dx%d", got.Width, got.Height, want.Width, want.Height)
			}
			compare(t, got, want)
		})
	}
}

// TestDecodePhotographs: real photographs of ImageNet, against PIL.
func TestDecodePhotographs(t *testing.T) {
	var index struct {
		Files []struct {
			JPEG     string
			Expected string `json:"decoded_top_left_256"`
		}
	}
	text, err := os.ReadFile(shared.Path(t, "golden", "jpeg", "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &index); err != nil || len(index.Files) == 0 {
		t.Fatalf("%d files, %v", len(index.Files), err)
	}
	for _, file := range index.Files {
		t.Run(file.Expected, func(t *testing.T) {
			compare(t, read(t, shared.Path(t, file.JPEG)), read(t, shared.Path(t, "golden", "jpeg", file.Expected)))
		})
	}
}

// bomb is a PNG of a few bytes that says it has that many pixels.
func bomb(width, height uint32) []byte {
	out := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, content []byte) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(content)))
		out = append(append(out, kind...), content...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(append([]byte(kind), content...)))
	}
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	chunk("IHDR", append(header, 8, 2, 0, 0, 0))
	chunk("IDAT", []byte{0x78, 0x9c, 3, 0, 0, 0, 0, 1})
	chunk("IEND", nil)
	return out
}

func TestDecodeErrors(t *testing.T) {
	photo, err := os.ReadFile("testdata/decode/420.jpg")
	if err != nil {
		t.Fatal(err)
	}
	size := bytes.Index(photo, []byte{0xff, 0xc0}) + 5
	huge := bytes.Clone(photo)
	copy(huge[size:], "\xff\xff\xff\xff")
	large := bytes.Clone(photo)
	copy(large[size:], "\x1f\x40\x1f\x40")
	png, err := os.ReadFile("testdata/decode/rgb.png")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		file []byte
		want string
	}{
		{"nothing", nil, "neither JPEG nor PNG"},
		{"text", []byte("This is not a picture."), `neither JPEG nor PNG: it begins with "This is "`},
		{"JPEG cut in its data", photo[:len(photo)/2], "cut short"},
		{"JPEG without end marker", photo[:len(photo)-2], "cut short"},
		{"JPEG cut in its header", photo[:30], "cut short"},
		{"JPEG too large", huge, "65535x65535"},
		{"PNG bomb", bomb(20_000, 20_000), "20000x20000, want 1 to 89478485 pixels"},
		{"PNG as wide as can be", bomb(1<<31-1, 1<<31-1), "png"},
		{"PNG without pixels", bomb(100, 100), "not enough pixel data"},
		{"large PNG without pixels", bomb(9000, 9000), "9000x9000 in 65 bytes: the file is cut short"},
		{"large JPEG with few bytes", large, "JPEG of 8000x8000 in"},
		{"PNG cut short", png[:len(png)/2], "not enough pixel data"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := raster.Decode(tc.file)
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want %q", err, tc.want)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
				t.Errorf("%d bytes of memory for %d of file", grown, len(tc.file))
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	file, err := os.ReadFile(shared.Path(b, "data", "imagenet-sample", "val", "n03220513", "dome.JPEG"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := raster.Decode(file); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "images/s")
}
