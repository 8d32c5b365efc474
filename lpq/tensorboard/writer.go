package tensorboard

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/pkg/errors"
)

// Writer writes events. Each is one write of a whole record: a process that is killed leaves no more than the last one cut, which readers pass over.
// It is not safe for concurrent use.
type Writer struct {
	out io.Writer
	now func() time.Time
}

// NewWriter begins an event file on out; now is the clock.
func NewWriter(out io.Writer, now func() time.Time) (*Writer, error) {
	w := &Writer{out, now}
	return w, w.write(Event{Version: version})
}

// prefix begins the names of event files; TensorBoard knows them by it.
const prefix = "events.out.tfevents."

// created counts the files of this process, whose names would be the same within a second.
var created atomic.Int64

// Create begins a new event file in the folder, beside those of earlier processes.
func Create(dir string) (*Writer, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	name := fmt.Sprintf("%s%010d.%s.%d.%d", prefix, time.Now().Unix(), host, os.Getpid(), created.Add(1))
	file, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, errors.Wrap(err, "TensorBoard events")
	}
	w, err := NewWriter(file, time.Now)
	if err != nil {
		_ = file.Close() // what failed before says more
		return nil, err
	}
	return w, nil
}

// Scalars writes points of curves at a step.
func (w *Writer) Scalars(step int, scalars ...Scalar) error {
	return w.write(Event{Step: int64(step), Scalars: scalars})
}

// Restart says that the run goes on after a step: later ones that were written before, by a process that was killed, will come again.
func (w *Writer) Restart(step int) error { return w.write(Event{Step: int64(step) + 1, Restart: true}) }

func (w *Writer) write(e Event) error {
	e.WallTime = float64(w.now().UnixNano()) / 1e9
	_, err := w.out.Write(frame(e.encode()))
	return errors.Wrap(err, "TensorBoard events")
}

// Close closes the file.
func (w *Writer) Close() error {
	if c, ok := w.out.(io.Closer); ok {
		return errors.Wrap(c.Close(), "TensorBoard events")
	}
	return nil
}

// Read returns the events of a file, in their order. A last record that is cut is left out; it returns an error for a damaged one.
func Read(r io.Reader) (events []Event, err error) {
	for {
		data, err := readRecord(r)
		if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		event, err := decode(data)
		if err != nil {
			return events, err
		}
		events = append(events, event)
	}
}
