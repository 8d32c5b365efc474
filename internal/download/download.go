// Package download fetches one file by HTTP: it resumes, checks what it got, and leaves a whole file or none.
//
//	err := download.File(ctx, download.Request{
//		URL: "https://example.org/a.pth", Path: "a.pth", SHA256: "f37072fd", Size: 46_830_571,
//		Progress: func(done, total int64) { … },
//	})
//
// What has come already lies in <Path>.part, where the next call, of another process too, goes on. The file appears at Path when all of it is on
// disk and its sha256 is right. Callers see to it that only one of them works on a Path at a time.
package download

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/internal/filesum"
)

// Request says what to fetch, and what it has to be.
type Request struct {
	URL      string
	Path     string // of the file in the end
	SHA256   string // of the file, hexadecimal: all digits, or those at the start that are known
	Size     int64  // of the file in bytes; 0: not known
	MaxBytes int64  // of a file whose Size is not known

	Progress func(done, total int64) // in bytes; total is 0 where the server does not tell; nil for none
	Logf     func(format string, args ...any)

	// For all of them, 0 stands for the default.
	Attempts int           // in a row that bring next to nothing, before giving up; default 6
	Stall    time.Duration // without a byte before an attempt is given up; default 30 s
	Wait     time.Duration // before the second attempt, doubled before each further one, up to 16 times; default 1 s
}

const (
	defaultAttempts = 6
	defaultStall    = 30 * time.Second
	defaultWait     = time.Second
	maxWaits        = 16      // times Wait
	worthwhile      = 1 << 16 // bytes more than ever before, by which an attempt does not count as one in vain
)

// partSuffix ends the name of a file that is not complete.
const partSuffix = ".part"

func (r *Request) complete() error {
	if r.Attempts == 0 {
		r.Attempts = defaultAttempts
	}
	if r.Stall == 0 {
		r.Stall = defaultStall
	}
	if r.Wait == 0 {
		r.Wait = defaultWait
	}
	if r.Progress == nil {
		r.Progress = func(done, total int64) {}
	}
	if r.Logf == nil {
		r.Logf = func(string, ...any) {}
	}
	if u, err := url.Parse(r.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.Errorf("download: %q is not an address: want https://…", r.URL)
	}
	if r.SHA256 == "" || r.Size <= 0 && r.MaxBytes <= 0 {
		return errors.Errorf("download: %s: no sha256, or no size and no bound: want both", r.URL)
	}
	return nil
}

// limit is the most bytes that the file may have.
func (r *Request) limit() int64 {
	if r.Size > 0 {
		return r.Size
	}
	return r.MaxBytes
}

// File fetches a file. It returns an error if the server has no such file, or another one; if no attempt succeeds; if the disk is full; and if ctx ends.
// What has come then stays for the next call, unless it is wrong.
func File(ctx context.Context, r Request) error {
	if err := r.complete(); err != nil {
		return err
	}
	f := &fetch{Request: r, part: r.Path + partSuffix, client: &http.Client{CheckRedirect: checkRedirect}}
	return errors.WithMessagef(f.run(ctx), "downloading %s", r.URL)
}

// checkRedirect refuses to leave an encrypted connection.
func checkRedirect(to *http.Request, via []*http.Request) error {
	const most = 10
	switch {
	case len(via) >= most:
		return permanent{errors.Errorf("redirected %d times, at last to %s", most, to.URL)}
	case via[0].URL.Scheme == "https" && to.URL.Scheme != "https":
		return permanent{errors.Errorf("redirected from https to %s: refused", to.URL)}
	}
	return nil
}

// permanent marks an error that another attempt does not mend.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// fetch is a File at work.
type fetch struct {
	Request
	part    string // path
	client  *http.Client
	etag    string // of the file that part is the beginning of; empty where not known
	resumed bool   // part was not fetched in one go
	best    int64  // bytes that part has had at most
}

func (f *fetch) run(ctx context.Context) error {
	defer f.removeEmpty()
	wait := f.Wait
	for attempt := 1; ; attempt++ {
		before := f.best
		err := f.attempt(ctx)
		if err == nil {
			err = f.finish(ctx)
		}
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return errors.WithStack(context.Cause(ctx))
		case errors.As(err, new(permanent)):
			return err
		case f.best-before >= worthwhile:
			attempt, wait = 0, f.Wait
		case attempt == f.Attempts:
			return errors.WithMessagef(err, "gave up after %d attempts in vain (what has come stays, and the next call goes on from there)", attempt)
		}
		f.Logf("%v; trying again", err)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, maxWaits*f.Wait)
	}
}

// removeEmpty removes what is no part of a file.
func (f *fetch) removeEmpty() {
	if info, err := os.Stat(f.part); err == nil && info.Size() == 0 {
		_ = os.Remove(f.part) // an empty file does no harm
	}
}

// finish checks what has come and gives it its name. If it is wrong, it begins anew, in case that the part that was here was of another file.
func (f *fetch) finish(ctx context.Context) error {
	sum, err := filesum.SHA256(f.part)
	if err != nil {
		return permanent{err}
	}
	if !strings.HasPrefix(sum, f.SHA256) {
		err := f.restart(errors.Errorf("it has sha256 %s, want %s: it was changed on its way, or the server has another file", sum, f.SHA256))
		if !f.resumed {
			return permanent{err}
		}
		return err
	}
	if ctx.Err() != nil {
		return errors.WithStack(ctx.Err())
	}
	if err := os.Rename(f.part, f.Path); err != nil {
		return permanent{errors.Wrap(err, "putting the download in its place")}
	}
	return nil
}
