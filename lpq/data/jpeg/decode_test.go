package jpeg_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/lpq/data/jpeg"
)

const maxPixels = 1 << 20

func samples(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../raster/testdata/decode/*.jpg")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files, %v", err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		if all[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestDecodeNearImageJPEG compares planes with those of Go's own decoder, whose inverse transform rounds differently. (Package raster's tests compare with
// PIL, to the last bit.)
func TestDecodeNearImageJPEG(t *testing.T) {
	files := samples(t)
	for _, name := range []string{"444.jpg", "422.jpg", "420.jpg", "440.jpg", "411.jpg", "410.jpg", "444_progressive.jpg", "422_progressive.jpg", "420_progressive.jpg",
		"low_quality.jpg", "restarts.jpg", "two_scans.jpg"} {
		t.Run(name, func(t *testing.T) {
			decoded, err := stdjpeg.Decode(bytes.NewReader(files[name]))
			if err != nil {
				t.Fatal(err)
			}
			want := decoded.(*image.YCbCr)
			got, err := jpeg.Decode(files[name], maxPixels)
			if err != nil {
				t.Fatal(err)
			}
			if got.Width != want.Rect.Dx() || got.Height != want.Rect.Dy() || got.Colours != jpeg.YCbCr || len(got.Planes) != 3 {
				t.Fatalf("got %dx%d, colours %d, %d planes", got.Width, got.Height, got.Colours, len(got.Planes))
			}
			near(t, &got.Planes[0], want.Y, want.YStride)
			near(t, &got.Planes[1], want.Cb, want.CStride)
			near(t, &got.Planes[2], want.Cr, want.CStride)
		})
	}
}

func near(t *testing.T, got *jpeg.Plane, want []uint8, stride int) {
	t.Helper()
	for y := range got.Height {
		for x, level := range got.Row(y) {
			if d := int(level) - int(want[y*stride+x]); d < -1 || d > 1 {
				t.Fatalf("sample (%d, %d): got %d, want %d", x, y, level, want[y*stride+x])
			}
		}
	}
}

// patch returns the file with bytes replaced at an offset from the n-th marker of a kind, which comes after its two bytes.
func patch(t *testing.T, file []byte, marker byte, offset int, with ...byte) []byte {
	t.Helper()
	at := bytes.Index(file, []byte{0xff, marker})
	if at < 0 {
		t.Fatalf("no marker %x", marker)
	}
	file = bytes.Clone(file)
	copy(file[at+2+offset:], with)
	return file
}

func TestDecodeErrors(t *testing.T) {
	files := samples(t)
	file, progressive := files["420.jpg"], files["420_progressive.jpg"]
	scans := bytes.Clone(progressive[:len(progressive)-2])
	last := bytes.LastIndex(scans, []byte{0xff, 0xda})
	for range 120 {
		scans = append(scans, progressive[last:len(progressive)-2]...)
	}
	for _, tc := range []struct {
		name string
		file []byte
		want string
	}{
		{"nothing", nil, "not a JPEG"},
		{"start marker alone", []byte{0xff, 0xd8}, "cut short"},
		{"start and end", []byte{0xff, 0xd8, 0xff, 0xd9}, "no scan"},
		{"second start", append([]byte{0xff, 0xd8}, file...), "second start"},
		{"second frame", append(append([]byte{}, file[:len(file)-2]...), file[bytes.Index(file, []byte{0xff, 0xc0}):]...), "second frame"},
		{"scan before frame", []byte{0xff, 0xd8, 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0}, "before the frame"},
		{"empty marker", []byte{0xff, 0xd8, 0xff, 0xdb, 0, 0, 0xff, 0xd9}, "marker of 0 bytes"},
		{"12 bits", patch(t, file, 0xc0, 2, 12), "12 bits"},
		{"no height", patch(t, file, 0xc0, 3, 0, 0), "37x0"},
		{"too many pixels", patch(t, file, 0xc0, 3, 0xff, 0xff, 0xff, 0xff), "65535x65535, want 1 to 1048576"},
		{"two components", patch(t, file, 0xc0, 7, 2), "2 components"},
		{"sampling 0", patch(t, file, 0xc0, 9, 0x02), "sampling factors 0x2"},
		{"sampling 5", patch(t, file, 0xc0, 9, 0x51), "sampling factors 5x1"},
		{"sampling 3 of 2", patch(t, file, 0xc0, 9, 0x31, 0, 2, 0x21), "do not divide 3x1"},
		{"component twice", patch(t, file, 0xc0, 11, 1), "two components 1"},
		{"arithmetic coding", patch(t, file, 0xc0, -1, 0xc9), "SOF9"},
		{"lossless", patch(t, file, 0xc0, -1, 0xc3), "SOF3"},
		{"quantization table 5", patch(t, file, 0xdb, 2, 5), "bad quantization table"},
		{"no quantization table", patch(t, file, 0xc0, 10, 3), "no quantization table"},
		{"Huffman table 7", patch(t, file, 0xc4, 2, 7), "number 7"},
		{"too many codes", patch(t, file, 0xc4, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9), "more codes than there are"},
		{"codes beyond the marker", patch(t, file, 0xc4, 18, 255), "267 codes"},
		{"component the frame lacks", patch(t, file, 0xda, 3, 9), "component 9, which the frame lacks"},
		{"component twice in a scan", patch(t, file, 0xda, 5, 1), "twice in a scan"},
		{"no Huffman table", patch(t, file, 0xda, 4, 0x33), "no Huffman table"},
		{"progressive band", patch(t, progressive, 0xda, 9, 5, 3), "coefficients 5 to 3"},
		{"too many scans", append(scans, 0xff, 0xd9), "more than 100 scans"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := jpeg.Decode(tc.file, maxPixels)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want %q", err, tc.want)
			}
		})
	}
}

// TestTruncated: a file that ends anywhere before its end is an error.
func TestTruncated(t *testing.T) {
	for name, file := range samples(t) {
		if strings.HasPrefix(name, "junk") {
			continue
		}
		for n := range len(file) {
			if _, err := jpeg.Decode(file[:n], maxPixels); err == nil {
				t.Errorf("%s: no error for %d of %d bytes", name, n, len(file))
			} else if n > 2 && !errors.Is(err, jpeg.ErrTruncated) {
				t.Errorf("%s: %d of %d bytes: error %v", name, n, len(file), err)
			}
		}
	}
}

// FuzzDecode: any bytes give an image whose planes are complete, or an error.
func FuzzDecode(f *testing.F) {
	for _, file := range samples(f) {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		img, err := jpeg.Decode(file, 1<<16)
		if err != nil {
			return
		}
		for i := range img.Planes {
			p := &img.Planes[i]
			if p.Width*p.StepX < img.Width || p.Height*p.StepY < img.Height {
				t.Fatalf("plane %d of %dx%d samples, each %dx%d, for %dx%d", i, p.Width, p.Height, p.StepX, p.StepY, img.Width, img.Height)
			}
			for y := range p.Height {
				if len(p.Row(y)) != p.Width {
					t.Fatal("a row that is too short")
				}
			}
		}
	})
}

func ExampleDecode() {
	file, err := os.ReadFile("../raster/testdata/decode/420.jpg")
	if err != nil {
		fmt.Println(err)
		return
	}
	img, err := jpeg.Decode(file, 1<<26)
	if err != nil {
		fmt.Println(err)
		return
	}
	luma, chroma := img.Planes[0], img.Planes[1]
	fmt.Printf("%dx%d: %dx%d of luma, %dx%d of chroma\n", img.Width, img.Height, luma.Width, luma.Height, chroma.Width, chroma.Height)
	// Output: 37x29: 37x29 of luma, 19x15 of chroma
}
