package download

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/pkg/errors"
)

// attempt fetches what is missing of the file, all of it if it can.
func (f *fetch) attempt(ctx context.Context) error {
	out, err := os.OpenFile(f.part, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return permanent{errors.WithStack(err)}
	}
	defer out.Close()
	have, err := out.Seek(0, io.SeekEnd)
	if err != nil {
		return permanent{errors.WithStack(err)}
	}
	if have > f.limit() {
		have = 0 // not a part of the file
	}
	f.resumed = have > 0
	if have == f.Size && have > 0 {
		return nil // finish checks it
	}
	return f.get(ctx, out, have)
}

// get asks for all from byte `have` on, and appends it.
func (f *fetch) get(ctx context.Context, out *os.File, have int64) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(f.Stall, func() { cancel(errors.Errorf("nothing came for %s", f.Stall)) })
	defer stalled.Stop()

	response, err := f.ask(ctx, have)
	if err != nil {
		return because(ctx, err)
	}
	defer response.Body.Close()
	have, total, err := f.position(response, have)
	if err != nil || have < 0 {
		return err
	}
	f.resumed = have > 0
	if f.etag = response.Header.Get("ETag"); strings.HasPrefix(f.etag, "W/") {
		f.etag = "" // a weak one does not vouch for bytes
	}
	if err := cut(out, have); err != nil {
		return permanent{errors.WithStack(err)}
	}
	body := &watched{response.Body, func(n int64) {
		stalled.Reset(f.Stall)
		have += n
		f.best = max(f.best, have)
		f.Progress(have, total)
	}}
	body.seen(0)
	return f.receive(ctx, out, body, total, &have)
}

// cut shortens the file to its first `have` bytes, if it has more, and goes to their end.
func cut(out *os.File, have int64) error {
	end, err := out.Seek(0, io.SeekEnd)
	if err == nil && end > have {
		err = out.Truncate(have)
	}
	if err == nil {
		_, err = out.Seek(have, io.SeekStart)
	}
	return err
}

// ask sends the request.
func (f *fetch) ask(ctx context.Context, have int64) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL, nil)
	if err != nil {
		return nil, permanent{errors.WithStack(err)}
	}
	request.Header.Set("Accept-Encoding", "identity") // the bytes as they are, of a length that is told
	if have > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
		if f.etag != "" {
			request.Header.Set("If-Range", f.etag)
		}
	}
	response, err := f.client.Do(request)
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err // without the address, which File adds
	}
	return response, errors.WithStack(err)
}

// receive appends the body to the file, and makes sure that it is on disk. have counts the bytes of the file.
func (f *fetch) receive(ctx context.Context, out *os.File, body io.Reader, total int64, have *int64) error {
	_, err := io.Copy(out, io.LimitReader(body, f.limit()-*have+1))
	if err == nil {
		err = out.Sync()
	}
	var disk *fs.PathError
	switch {
	case errors.As(err, &disk):
		return permanent{errors.WithStack(err)}
	case err != nil:
		return because(ctx, errors.Wrapf(err, "the connection ended after %d bytes", *have))
	case *have > f.limit():
		_ = os.Remove(f.part) // not the file; the error matters more
		return permanent{errors.Errorf("more than %d bytes came: the server has another file", f.limit())}
	case total > 0 && *have < total:
		return errors.Errorf("the connection ended after %d bytes of %d", *have, total)
	}
	return nil
}

// because is the reason for which a request was given up, where it was, or else its error.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// watched tells after each read how many bytes came.
type watched struct {
	io.Reader
	seen func(n int64)
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.seen(int64(n))
	}
	return n, err
}
