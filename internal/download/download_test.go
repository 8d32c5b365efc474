package download_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/internal/download"
)

// content is what the servers have: larger than the buffers on its way.
var content = func() []byte {
	rng := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 1<<20)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	return data
}()

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// server answers its n-th request, counted from 0, with handle.
type server struct {
	*httptest.Server
	requests atomic.Int32
}

func serve(t *testing.T, handle func(n int, w http.ResponseWriter, r *http.Request)) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(int(s.requests.Add(1))-1, w, r) }))
	t.Cleanup(s.Close)
	return s
}

// whole answers as servers do, with Range, If-Range and ETag: net/http's own.
func whole(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", `"1"`)
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(content)))
}

// cut announces everything and ends after n bytes.
func cut(w http.ResponseWriter, n int) {
	w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	w.Header().Set("ETag", `"1"`)
	_, _ = w.Write(content[:n]) // the client may be gone
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// stall says nothing more until the client is gone.
func stall(w http.ResponseWriter, r *http.Request) {
	w.(http.Flusher).Flush()
	select {
	case <-r.Context().Done():
	case <-time.After(10 * time.Second):
	}
}

const half = 1 << 19

// request is for the content, with times for tests.
func request(t *testing.T, s *server) download.Request {
	t.Helper()
	return download.Request{URL: s.URL + "/a.pth", Path: filepath.Join(t.TempDir(), "a.pth"), SHA256: sumOf(content), Size: int64(len(content)),
		Attempts: 3, Stall: time.Minute, Wait: time.Millisecond}
}

// impatient is for servers that stall.
func impatient(r *download.Request) { r.Stall = time.Second }

// wantFile checks that there is the whole file, and nothing beside it.
func wantFile(t *testing.T, path string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || !slices.Equal(got, content) {
		t.Errorf("read %d bytes, %v; want the content", len(got), err)
	}
	wantFiles(t, path, "a.pth")
}

func wantFiles(t *testing.T, path string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if err != nil || !slices.Equal(names, want) {
		t.Errorf("there are %q, %v; want %q", names, err, want)
	}
}

func TestFile(t *testing.T) {
	for _, c := range []struct {
		name     string
		change   func(r *download.Request)
		part     []byte // here from before
		handle   func(n int, w http.ResponseWriter, r *http.Request)
		requests int
	}{
		{name: "at once", handle: func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r) }, requests: 1},
		{name: "size not known", change: func(r *download.Request) { r.Size, r.MaxBytes = 0, 2<<20 },
			handle: func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r) }, requests: 1},
		{name: "length not told", handle: func(_ int, w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(content[:half])
			w.(http.Flusher).Flush()
			_, _ = w.Write(content[half:])
		}, requests: 1},
		{name: "eight digits of the sum", change: func(r *download.Request) { r.SHA256 = r.SHA256[:8] },
			handle: func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r) }, requests: 1},
		{name: "truncated, then resumed", handle: func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 0 {
				cut(w, half)
			}
			if r.Header.Get("Range") == "" || r.Header.Get("If-Range") != `"1"` {
				t.Errorf("second request has Range %q, If-Range %q", r.Header.Get("Range"), r.Header.Get("If-Range"))
			}
			whole(w, r)
		}, requests: 2},
		{name: "cut again and again, every time further", handle: func(n int, w http.ResponseWriter, r *http.Request) {
			if n < 7 { // more often than Attempts
				cut(w, (n+1)<<17)
			}
			whole(w, r)
		}, requests: 8},
		{name: "stalls", change: impatient, handle: func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 0 {
				w.Header().Set("Content-Length", fmt.Sprint(len(content)))
				_, _ = w.Write(content[:half])
				stall(w, r)
				return
			}
			whole(w, r)
		}, requests: 2},
		{name: "resumes what is here", part: content[:half], handle: func(_ int, w http.ResponseWriter, r *http.Request) {
			if got, want := r.Header.Get("Range"), fmt.Sprintf("bytes=%d-", half); got != want {
				t.Errorf("Range %q, want %q", got, want)
			}
			whole(w, r)
		}, requests: 1},
		{name: "ignores Range", part: content[:half], handle: func(_ int, w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Range")
			whole(w, r)
		}, requests: 1},
		{name: "all is here", part: content, requests: 0},
		{name: "all is here, size not known: 416", part: content, change: func(r *download.Request) { r.Size, r.MaxBytes = 0, 2<<20 },
			handle: func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r) }, requests: 1},
		{name: "what is here is too long: 416", part: append(slices.Clone(content), 1, 2, 3), change: func(r *download.Request) { r.Size, r.MaxBytes = 0, 2<<20 },
			handle: func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r) }, requests: 2},
		{name: "416 to any range", part: content[:half], handle: func(_ int, w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "" {
				w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
				return
			}
			whole(w, r)
		}, requests: 2},
		{name: "what is here is longer than the file", part: make([]byte, len(content)+1),
			handle: func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r) }, requests: 1},
		{name: "what is here is of another file", part: make([]byte, half),
			handle: func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r) }, requests: 2},
		{name: "another part than asked for", part: content[:half], handle: func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 0 {
				r.Header.Set("Range", "bytes=1-")
			}
			whole(w, r)
		}, requests: 2},
		{name: "redirects", handle: func(n int, w http.ResponseWriter, r *http.Request) {
			if n < 3 {
				http.Redirect(w, r, fmt.Sprintf("/%d", n), http.StatusFound)
				return
			}
			whole(w, r)
		}, requests: 4},
		{name: "out of order for a while", handle: func(n int, w http.ResponseWriter, r *http.Request) {
			if n < 2 {
				w.WriteHeader([]int{http.StatusServiceUnavailable, http.StatusTooManyRequests}[n])
				return
			}
			whole(w, r)
		}, requests: 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, c.handle)
			r := request(t, s)
			if c.change != nil {
				c.change(&r)
			}
			if c.part != nil {
				if err := os.WriteFile(r.Path+".part", c.part, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := download.File(context.Background(), r); err != nil {
				t.Fatal(err)
			}
			wantFile(t, r.Path)
			if got := int(s.requests.Load()); got != c.requests {
				t.Errorf("%d requests, want %d", got, c.requests)
			}
		})
	}
}

func TestFileRefuses(t *testing.T) {
	changed := slices.Clone(content)
	changed[half] ^= 1
	for _, c := range []struct {
		name     string
		change   func(r *download.Request)
		handle   func(n int, w http.ResponseWriter, r *http.Request)
		want     string
		left     []string
		requests int
	}{
		{name: "404", handle: func(_ int, w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }, want: "404 Not Found: the server has no such file", requests: 1},
		{name: "403", handle: func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, want: "403 Forbidden", requests: 1},
		{name: "500 for ever", handle: func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
			want: "gave up after 3 attempts in vain (what has come stays, and the next call goes on from there): the server says 500", requests: 3},
		{name: "corrupted", handle: func(_ int, w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(changed) },
			want: "sha256 " + sumOf(changed) + ", want " + sumOf(content), requests: 1},
		{name: "corrupted, and cut", handle: func(n int, w http.ResponseWriter, r *http.Request) {
			if n == 0 {
				cut(w, half)
			}
			w.Header().Set("ETag", `"1"`)
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(changed)))
		}, want: "it was changed on its way, or the server has another file", requests: 3},
		{name: "cut, without ranges, at the same place", handle: func(_ int, w http.ResponseWriter, _ *http.Request) { cut(w, half) },
			want: "the connection ended after 524288 bytes", left: []string{"a.pth.part"}, requests: 4},
		{name: "shorter", handle: func(_ int, w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content[:100]) },
			want: "has 100 bytes, want 1048576: it is another file", requests: 1},
		{name: "longer", handle: func(_ int, w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(append(slices.Clone(content), 0)) },
			want: "more than 1048576 bytes came", requests: 1},
		{name: "over the bound", change: func(r *download.Request) { r.Size, r.MaxBytes = 0, half },
			handle: func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r) }, want: "has 1048576 bytes, want at most 524288", requests: 1},
		{name: "without end", handle: func(_ int, w http.ResponseWriter, _ *http.Request) {
			for range 100 {
				if _, err := w.Write(content); err != nil {
					return
				}
			}
		}, want: "more than 1048576 bytes came", requests: 1},
		{name: "silent", change: impatient, handle: func(_ int, w http.ResponseWriter, r *http.Request) { stall(w, r) }, want: "nothing came for 1s", requests: 3},
		{name: "redirects for ever", handle: func(_ int, w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) },
			want: "redirected 10 times", requests: 10},
		{name: "no server", change: func(r *download.Request) { r.URL = "http://127.0.0.1:1/a.pth" }, want: "connection refused"},
		{name: "no address", change: func(r *download.Request) { r.URL = "ftp://example.org/a.pth" }, want: "want https://"},
		{name: "no sum", change: func(r *download.Request) { r.SHA256 = "" }, want: "no sha256"},
		{name: "no folder", change: func(r *download.Request) { r.Path = filepath.Join(r.Path, "none", "a.pth") }, want: "no such file or directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, c.handle)
			r := request(t, s)
			path := r.Path
			if c.change != nil {
				c.change(&r)
			}
			err := download.File(context.Background(), r)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Count(err.Error(), r.URL) > 1 {
				t.Errorf("got %v, want %q, and the address once", err, c.want)
			}
			if got := int(s.requests.Load()); got != c.requests {
				t.Errorf("%d requests, want %d", got, c.requests)
			}
			wantFiles(t, path, c.left...)
		})
	}
}

// TestFileIsInterrupted ends a download halfway, and goes on with it.
func TestFileIsInterrupted(t *testing.T) {
	s := serve(t, func(n int, w http.ResponseWriter, r *http.Request) {
		if n == 0 {
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
			_, _ = w.Write(content[:half])
			stall(w, r)
			return
		}
		whole(w, r)
	})
	r := request(t, s)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var last, total int64
	r.Progress = func(done, all int64) {
		if last, total = done, all; done == half {
			cancel()
		}
	}
	start := time.Now()
	if err := download.File(ctx, r); !errors.Is(err, context.Canceled) || time.Since(start) > 5*time.Second {
		t.Fatalf("got %v after %s, want that it was canceled", err, time.Since(start))
	}
	wantFiles(t, r.Path, "a.pth.part")
	if err := download.File(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	wantFile(t, r.Path)
	if size := int64(len(content)); last != size || total != size {
		t.Errorf("the last progress was %d of %d", last, total)
	}
}

// TestFullDisk writes to a device that is full.
func TestFullDisk(t *testing.T) {
	s := serve(t, func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r) })
	r := request(t, s)
	if err := os.Symlink("/dev/full", r.Path+".part"); err != nil {
		t.Skip(err)
	}
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this system has no /dev/full")
	}
	if err := download.File(context.Background(), r); err == nil || !strings.Contains(err.Error(), r.Path) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v, want an error that names the file, and that the disk is full", err)
	}
	if got := s.requests.Load(); got != 1 {
		t.Errorf("%d requests; another attempt does not mend it", got)
	}
}
