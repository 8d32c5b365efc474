package raster_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/lowprec/lpnets/lpq/data/raster"
)

// FuzzDecode: any bytes give a picture with all its pixels, or an error.
func FuzzDecode(f *testing.F) {
	for _, pattern := range []string{"testdata/decode/*.jpg", "testdata/decode/*[a-z0-9].png"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(content)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		picture, err := raster.Decode(file)
		if err == nil && len(picture.Pix) != 3*picture.Width*picture.Height {
			t.Errorf("%dx%d with %d bytes", picture.Width, picture.Height, len(picture.Pix))
		}
	})
}
