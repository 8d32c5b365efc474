package imagenet

import (
	"archive/tar"
	"bytes"
	"testing"
)

// exampleArchive has two samples, one with a long name.
func exampleArchive(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	long := string(bytes.Repeat([]byte("long/"), 60))
	for _, entry := range [][2]string{{"a.jpg", "picture"}, {"a.cls", "1"}, {long + "b.png", "another"}, {long + "b.cls", "2"}} {
		name, content := entry[0], entry[1]
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
