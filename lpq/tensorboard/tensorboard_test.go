package tensorboard_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/tensorboard"
)

// golden holds what TensorBoard 2.21 (event_accumulator, and its own record reader with checksums on) read as the events of wantEvents.
const golden = "testdata/events.out.tfevents.golden"

var update = flag.Bool("update", false, "write the golden file anew; read it with TensorBoard then")

// clock stands still.
func clock() time.Time { return time.Unix(1536710400, 500_000_000) }

var wantEvents = []tensorboard.Event{
	{WallTime: 1536710400.5, Version: "brain.Event:2"},
	{WallTime: 1536710400.5, Step: 1, Scalars: []tensorboard.Scalar{{Tag: "train/loss", Value: 2.5}, {Tag: "lr", Value: 0.125}}},
	{WallTime: 1536710400.5, Step: 300, Scalars: []tensorboard.Scalar{{Tag: "train/loss", Value: -0.5}}},
	{WallTime: 1536710400.5, Step: 2, Restart: true},
	{WallTime: 1536710400.5, Step: 2, Scalars: []tensorboard.Scalar{{Tag: "train/loss", Value: 1.5}}},
}

// written is the file of wantEvents.
func written(t *testing.T) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := tensorboard.NewWriter(&file, clock)
	for _, e := range wantEvents[1:] {
		if err != nil {
			t.Fatal(err)
		}
		if e.Restart {
			err = w.Restart(int(e.Step) - 1)
		} else {
			err = w.Scalars(int(e.Step), e.Scalars...)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestGolden(t *testing.T) {
	got := written(t)
	if *update {
		if err := os.WriteFile(golden, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("wrote\n%x, want\n%x", got, want)
	}
	events, err := tensorboard.Read(bytes.NewReader(want))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantEvents, events); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

// A file may end anywhere, and any byte may be wrong: whole records before that are read, and nothing is made up.
func TestDamage(t *testing.T) {
	file := written(t)
	for n := range file {
		events, err := tensorboard.Read(bytes.NewReader(file[:n]))
		if err != nil || len(events) >= len(wantEvents) || !cmp.Equal(events, wantEvents[:len(events)], cmp.Comparer(sameNil)) {
			t.Fatalf("cut after %d bytes: %v, %v", n, events, err)
		}
	}
	for i := range file {
		damaged := bytes.Clone(file)
		damaged[i] ^= 0x10
		if events, err := tensorboard.Read(bytes.NewReader(damaged)); err == nil {
			t.Fatalf("byte %d changed: no error, %v", i, events)
		}
	}
}

// sameNil compares lists of events, of which an empty one may be nil.
func sameNil(a, b []tensorboard.Event) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

func TestCreate(t *testing.T) {
	dir := t.TempDir()
	for step := range 2 {
		w, err := tensorboard.Create(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Scalars(step, tensorboard.Scalar{Tag: "loss", Value: 1}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "events.out.tfevents.*")); len(files) != 2 {
		t.Errorf("got %v, want a file of each writer", files)
	}
	if _, err := tensorboard.Create(filepath.Join(dir, "missing")); err == nil {
		t.Error("no error for a folder that is not there")
	}
}

// full is a disk that is full.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestFullDisk(t *testing.T) {
	if _, err := tensorboard.NewWriter(full{}, clock); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("got %v, want the error of the file", err)
	}
}

func FuzzRead(f *testing.F) {
	file, err := os.ReadFile(golden)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Fuzz(func(_ *testing.T, file []byte) { _, _ = tensorboard.Read(bytes.NewReader(file)) }) // must not panic
}

func Example() {
	var file bytes.Buffer
	w, err := tensorboard.NewWriter(&file, time.Now)
	if err != nil {
		panic(err)
	}
	for step, loss := range []float64{2, 1, 0.5} {
		if err := w.Scalars(step, tensorboard.Scalar{Tag: "train/loss", Value: loss}); err != nil {
			panic(err)
		}
	}
	events, err := tensorboard.Read(&file)
	for _, e := range events[1:] {
		fmt.Println(e.Step, e.Scalars)
	}
	fmt.Println(err)
	// Output:
	// 0 [{train/loss 2}]
	// 1 [{train/loss 1}]
	// 2 [{train/loss 0.5}]
	// <nil>
}
