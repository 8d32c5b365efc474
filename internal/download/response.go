package download

import (
	"fmt"
	"net/http"
	"os"

	"github.com/pkg/errors"
)

// position reads from a response at which byte its body begins, -1 if there is nothing to fetch, and how many the whole file has, 0 if that is not told.
func (f *fetch) position(response *http.Response, have int64) (start, total int64, err error) {
	switch response.StatusCode {
	case http.StatusOK: // all of it, asked for or not
		start, total = 0, max(response.ContentLength, 0)
	case http.StatusPartialContent:
		start, total, err = rangeOf(response, have)
	case http.StatusRequestedRangeNotSatisfiable:
		return f.beyond(response, have)
	default:
		return 0, 0, statusError(response)
	}
	switch {
	case err != nil:
		return 0, 0, f.restart(err)
	case f.Size > 0 && total > 0 && total != f.Size:
		return 0, 0, permanent{errors.Errorf("the server's file has %d bytes, want %d: it is another file", total, f.Size)}
	case total > f.limit():
		return 0, 0, permanent{errors.Errorf("the server's file has %d bytes, want at most %d", total, f.limit())}
	case total == 0:
		total = f.Size
	}
	return start, total, nil
}

// rangeOf reads the header of a part of a file that begins at `have`.
func rangeOf(response *http.Response, have int64) (start, total int64, err error) {
	text := response.Header.Get("Content-Range")
	var end int64
	if n, _ := fmt.Sscanf(text, "bytes %d-%d/%d", &start, &end, &total); n < 2 || start != have || end < start || n == 3 && end >= total {
		return 0, 0, errors.Errorf("asked for the bytes from %d on, the server sent Content-Range %q", have, text)
	}
	return start, total, nil
}

// beyond is what follows from a server that has no byte at `have`: either that was all, or what is here is not the beginning of its file.
func (f *fetch) beyond(response *http.Response, have int64) (start, total int64, err error) {
	if n, _ := fmt.Sscanf(response.Header.Get("Content-Range"), "bytes */%d", &total); n == 1 && total == have && (f.Size == 0 || f.Size == have) {
		return -1, total, nil
	}
	return 0, 0, f.restart(errors.Errorf("%s: what is here is not the beginning of the server's file", response.Status))
}

// restart removes what is here, for the next attempt to begin anew, and returns the reason.
func (f *fetch) restart(reason error) error {
	f.etag = ""
	if err := os.Remove(f.part); err != nil {
		return permanent{errors.Wrap(err, "removing a damaged download")}
	}
	return reason
}

// statusError says what a status means.
func statusError(response *http.Response) error {
	switch code := response.StatusCode; {
	case code == http.StatusNotFound || code == http.StatusGone:
		return permanent{errors.Errorf("%s: the server has no such file", response.Status)}
	case code >= 500, code == http.StatusRequestTimeout, code == http.StatusTooManyRequests:
		return errors.Errorf("the server says %s", response.Status)
	}
	return permanent{errors.Errorf("the server says %s", response.Status)}
}
