package weights_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lowprec/lpnets/lpq/weights"
)

// FuzzParse: no input makes the parser panic, and what it accepts can be written and read again in the form that holds any name.
func FuzzParse(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.*")
	if err != nil || len(paths) < 10 {
		f.Fatalf("fixtures: %v, %v", paths, err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add(data[:len(data)/2])
		f.Add(data[:len(data)-1])
		if file, err := weights.Parse(data); err == nil {
			f.Add(encode(f, file, weights.Safetensors))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := weights.Parse(data)
		if err != nil {
			return
		}
		var buffer bytes.Buffer
		if err := weights.Encode(&buffer, file, weights.Safetensors); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := weights.Parse(buffer.Bytes())
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if diff := cmp.Diff(file, again, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}
