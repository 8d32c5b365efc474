package programs

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestDisk(t *testing.T) {
	d := &Disk{Folder: filepath.Join(t.TempDir(), "a", "b"), Environment: "here"}
	program := bytes.Repeat([]byte("code"), 1000)
	if d.read("x") != nil {
		t.Error("a program before there is one")
	}
	d.write("x", program)
	if !bytes.Equal(d.read("x"), program) {
		t.Error("the program is not what was written")
	}
	if d.read("y") != nil || (&Disk{Folder: d.Folder, Environment: "there"}).read("x") != nil {
		t.Error("another program, or another environment's")
	}
	if d.remove("x"); d.read("x") != nil {
		t.Error("a program that was removed")
	}
	var none *Disk
	if none.write("x", program); none.read("x") != nil {
		t.Error("a program of no disk")
	}
}

// A file of which a byte is wrong, or that ends early, is none.
func TestDamagedPrograms(t *testing.T) {
	d := &Disk{Folder: t.TempDir()}
	d.write("x", []byte("code"))
	path := d.path("x")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	put := func(data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i := range whole {
		damaged := bytes.Clone(whole)
		damaged[i] ^= 1
		if put(damaged); d.read("x") != nil {
			t.Errorf("byte %d is wrong and the program is read", i)
		}
		if put(whole[:i]); d.read("x") != nil {
			t.Errorf("the file has %d bytes and the program is read", i)
		}
	}
	if put(whole); string(d.read("x")) != "code" {
		t.Error("the whole file is not read")
	}
}

// The program that was not read for the longest time goes first; reading counts, and other files stay.
func TestTrim(t *testing.T) {
	d := &Disk{Folder: t.TempDir()}
	aged := func(path string, hours int) {
		then := time.Now().Add(-time.Duration(hours) * time.Hour)
		if err := os.Chtimes(path, then, then); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range []string{"a", "b", "c"} {
		d.write(name, make([]byte, 100))
		aged(d.path(name), 10-i)
	}
	for _, name := range []string{"new.xla.tmp-1", "old.xla.tmp-2", "note.txt"} {
		path := filepath.Join(d.Folder, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if name != "new.xla.tmp-1" {
			aged(path, 2)
		}
	}
	d.read("a")
	d.trim(300)
	for name, want := range map[string]bool{d.path("a"): true, d.path("b"): false, d.path("c"): true,
		d.Folder + "/new.xla.tmp-1": true, d.Folder + "/old.xla.tmp-2": false, d.Folder + "/note.txt": true} {
		if _, err := os.Stat(name); (err == nil) != want {
			t.Errorf("%s: %v, want it there: %v", filepath.Base(name), err, want)
		}
	}
}

// Where a folder cannot be, nothing is kept and nothing fails.
func TestNoFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d := &Disk{Folder: filepath.Join(file, "folder")}
	if d.write("x", []byte("code")); d.read("x") != nil {
		t.Error("a program below a file")
	}
}
