package data_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/lpq/data"
)

func collect(t testing.TB, l *data.Loader, epoch, from int) []data.Batch {
	t.Helper()
	var all []data.Batch
	for batch, err := range l.Epoch(t.Context(), epoch, from) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, batch)
	}
	return all
}

// order tells which images of numbered the batches hold.
func order(batches []data.Batch) []int {
	var all []int
	for _, b := range batches {
		for i := range b.Size {
			all = append(all, int(b.Images[12*i])|int(b.Images[12*i+1])<<8)
		}
	}
	return all
}

func TestEpochInOrder(t *testing.T) {
	d := numbered(t, 25)
	for _, tc := range []struct {
		name     string
		dropLast bool
		want     []int // sizes
	}{{"all", false, []int{10, 10, 5}}, {"full batches only", true, []int{10, 10}}} {
		t.Run(tc.name, func(t *testing.T) {
			l := &data.Loader{Dataset: d, BatchSize: 10, DropLast: tc.dropLast}
			got := collect(t, l, 3, 0)
			if len(got) != len(tc.want) || l.Batches() != len(tc.want) {
				t.Fatalf("got %d batches, Batches() %d, want %d", len(got), l.Batches(), len(tc.want))
			}
			for i, b := range got {
				if b.Index != i || b.Epoch != 3 || b.Size != tc.want[i] || len(b.Labels) != b.Size || len(b.Images) != 12*b.Size {
					t.Errorf("batch %d: index %d, epoch %d, size %d, %d labels, %d bytes", i, b.Index, b.Epoch, b.Size, len(b.Labels), len(b.Images))
				}
			}
			for i, n := range order(got) {
				if n != i || got[i/10].Labels[i%10] != int32(n%10) {
					t.Fatalf("image %d of the epoch is %d", i, n)
				}
			}
		})
	}
}

func TestEpochShuffled(t *testing.T) {
	d := numbered(t, 1000)
	l := &data.Loader{Dataset: d, BatchSize: 64, Shuffle: true, Seed: 7}
	first, second := order(collect(t, l, 0, 0)), order(collect(t, l, 1, 0))
	if slices.Equal(first, second) || slices.IsSorted(first) {
		t.Error("epochs are not shuffled anew")
	}
	if other := (&data.Loader{Dataset: d, BatchSize: 64, Shuffle: true, Seed: 8}); slices.Equal(order(collect(t, other, 0, 0)), first) {
		t.Error("the seed changes nothing")
	}
	for _, got := range [][]int{first, second} {
		slices.Sort(got)
		if !slices.Equal(got, numbers(t, d)) {
			t.Error("an epoch does not hold every image once")
		}
	}
}

// TestEpochDependsOnSeedAlone: the same bytes for any number of workers, and from any batch on.
func TestEpochDependsOnSeedAlone(t *testing.T) {
	set, _ := data.Synthetic(1, 200, 0)
	loader := func(workers, prefetch int) *data.Loader {
		return &data.Loader{Dataset: set, BatchSize: 16, Shuffle: true, Seed: 5, Augment: data.Augment{Pad: 4, Flip: true}, Workers: workers, Prefetch: prefetch}
	}
	want := collect(t, loader(1, 1), 2, 0)
	for _, tc := range [][2]int{{0, 0}, {1, 5}, {2, 1}, {3, 3}, {8, 100}, {1 << 40, 1 << 40}} {
		l := loader(tc[0], tc[1])
		for _, from := range []int{0, 1, 7, len(want) - 1, len(want)} {
			if got := collect(t, l, 2, from); !slices.EqualFunc(got, want[from:], sameBatch) {
				t.Fatalf("%d workers, %d ahead, from batch %d: other batches", tc[0], tc[1], from)
			}
		}
	}
}

func sameBatch(a, b data.Batch) bool {
	return bytes.Equal(a.Images, b.Images) && slices.Equal(a.Labels, b.Labels) && a.Epoch == b.Epoch && a.Index == b.Index && a.Size == b.Size
}

// TestAugmentationBelongsToImageAndEpoch: an image is changed in the same way wherever it stands in an epoch, and differently in the next.
func TestAugmentationBelongsToImageAndEpoch(t *testing.T) {
	set, _ := data.Synthetic(1, 100, 0)
	epoch := func(batchSize int, seed uint64, epoch int) (all []uint8) {
		l := &data.Loader{Dataset: set, BatchSize: batchSize, Seed: seed, Augment: data.Augment{Pad: 4, Flip: true}}
		for _, b := range collect(t, l, epoch, 0) {
			all = append(all, b.Images...)
		}
		return all
	}
	want := epoch(100, 5, 0)
	if !bytes.Equal(epoch(7, 5, 0), want) {
		t.Error("the batch size changes how images are augmented")
	}
	if bytes.Equal(epoch(100, 5, 1), want) || bytes.Equal(epoch(100, 6, 0), want) {
		t.Error("another epoch, or another seed, augments alike")
	}
}

// counting counts the images read and being read, and fails where it is told to.
type counting struct {
	data.Dataset
	reads, active atomic.Int64
	pause         time.Duration // in every read
	broken        int
}

func (c *counting) Image(i int, dst []uint8) error {
	c.active.Add(1)
	defer c.active.Add(-1)
	c.reads.Add(1)
	time.Sleep(c.pause)
	if i == c.broken {
		return errors.New("disk on fire")
	}
	return c.Dataset.Image(i, dst)
}

func TestPrefetchIsBounded(t *testing.T) {
	d := &counting{Dataset: numbered(t, 1000), broken: -1}
	l := &data.Loader{Dataset: d, BatchSize: 10, Workers: 4, Prefetch: 3}
	for batch, err := range l.Epoch(t.Context(), 0, 0) {
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond) // more than enough for the workers to run ahead
		if got, most := d.reads.Load(), int64(10*(batch.Index+3)); got > most {
			t.Fatalf("%d images read when batch %d was handed out, want at most %d", got, batch.Index, most)
		}
	}
}

func TestEpochErrorEndsIt(t *testing.T) {
	d := &counting{Dataset: numbered(t, 100), broken: 34}
	for _, workers := range []int{1, 4} {
		l := &data.Loader{Dataset: d, BatchSize: 10, Workers: workers}
		good := 0
		var failed error
		for _, err := range l.Epoch(t.Context(), 6, 0) {
			if failed != nil {
				t.Fatal("a batch after the error")
			}
			if failed = err; err == nil {
				good++
			}
		}
		if good != 3 || failed == nil || !strings.Contains(failed.Error(), "batch 3 of epoch 6: disk on fire") {
			t.Errorf("%d workers: %d batches, error %v", workers, good, failed)
		}
	}
}

// TestGoroutinesEnd: whichever way a loop over an epoch ends, no goroutine is left when it has.
func TestGoroutinesEnd(t *testing.T) {
	d := &counting{Dataset: numbered(t, 100), broken: -1, pause: 10 * time.Microsecond}
	l := &data.Loader{Dataset: d, BatchSize: 10, Workers: 4, Prefetch: 8}
	for name, run := range map[string]func(ctx context.Context, cancel func()) error{
		"to its end": func(ctx context.Context, _ func()) (last error) {
			for _, err := range l.Epoch(ctx, 0, 0) {
				last = err
			}
			return last
		},
		"break": func(ctx context.Context, _ func()) error {
			for range l.Epoch(ctx, 0, 0) {
				break
			}
			return nil
		},
		"panic": func(ctx context.Context, _ func()) error {
			defer func() { _ = recover() }() // the panic below
			for range l.Epoch(ctx, 0, 0) {
				panic("consumer")
			}
			return nil
		},
		"cancelled": func(ctx context.Context, cancel func()) (last error) {
			n := 0
			for _, err := range l.Epoch(ctx, 0, 0) {
				if n++; n == 3 {
					cancel()
				}
				last = err
			}
			if n != 4 || !errors.Is(last, context.Canceled) {
				t.Errorf("cancelled in batch 3: %d steps, error %v", n, last)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			before := runtime.NumGoroutine()
			for range 10 {
				if err := run(ctx, cancel); err != nil {
					t.Fatal(err)
				}
				if n := d.active.Load(); n != 0 {
					t.Fatalf("%d images still being read", n)
				}
				ctx, cancel = context.WithCancel(t.Context())
				defer cancel()
			}
			after := runtime.NumGoroutine()
			for i := 0; i < 100 && after > before; i++ { // their last instructions
				time.Sleep(time.Millisecond)
				after = runtime.NumGoroutine()
			}
			if after > before {
				t.Errorf("%d goroutines before, %d after", before, after)
			}
		})
	}
}

func TestLoaderErrors(t *testing.T) {
	d := numbered(t, 25)
	for _, tc := range []struct {
		name        string
		loader      data.Loader
		epoch, from int
		want        string
	}{
		{"no dataset", data.Loader{BatchSize: 1}, 0, 0, "no dataset"},
		{"empty dataset", data.Loader{Dataset: data.Head(d, 0), BatchSize: 1}, 0, 0, "no images"},
		{"batch size", data.Loader{Dataset: d}, 0, 0, "batch size 0"},
		{"no full batch", data.Loader{Dataset: d, BatchSize: 26, DropLast: true}, 0, 0, "no full batch of 26"},
		{"workers", data.Loader{Dataset: d, BatchSize: 1, Workers: -1}, 0, 0, "-1 workers"},
		{"prefetch", data.Loader{Dataset: d, BatchSize: 1, Prefetch: -2}, 0, 0, "-2 batches ahead"},
		{"padding", data.Loader{Dataset: d, BatchSize: 1, Augment: data.Augment{Pad: 2}}, 0, 0, "padding 2"},
		{"batch after the last", data.Loader{Dataset: d, BatchSize: 10}, 0, 4, "no batch 4"},
		{"negative batch", data.Loader{Dataset: d, BatchSize: 10}, 0, -1, "no batch -1"},
		{"negative epoch", data.Loader{Dataset: d, BatchSize: 10}, -1, 0, "epoch -1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []error
			for _, err := range tc.loader.Epoch(t.Context(), tc.epoch, tc.from) {
				got = append(got, err)
			}
			if len(got) != 1 || got[0] == nil || !strings.Contains(got[0].Error(), tc.want) {
				t.Errorf("got errors %v, want one that says %q", got, tc.want)
			}
		})
	}
}

// BenchmarkLoader is the speed of augmented CIFAR-10 with one worker.
func BenchmarkLoader(b *testing.B) {
	train, _, err := data.OpenCIFAR10(shared.Path(b, "data", "cifar-10-batches-bin"))
	if err != nil {
		b.Fatal(err)
	}
	l := &data.Loader{Dataset: train, BatchSize: 128, Shuffle: true, DropLast: true, Augment: data.Augment{Pad: 4, Flip: true}, Workers: 1}
	b.ReportAllocs()
	images := 0
	for epoch := 0; b.Loop(); epoch++ {
		for batch, err := range l.Epoch(b.Context(), epoch, 0) {
			if err != nil {
				b.Fatal(err)
			}
			images += batch.Size
		}
	}
	b.ReportMetric(float64(images)/b.Elapsed().Seconds(), "images/s")
}

func TestRate(t *testing.T) {
	d := &counting{Dataset: numbered(t, 100), broken: -1, pause: time.Millisecond}
	l := &data.Loader{Dataset: d, BatchSize: 5, Prefetch: 1}
	rate, err := l.Rate(t.Context(), 4)
	if err != nil || rate <= 0 || rate > 1000 { // each image takes a millisecond or more
		t.Errorf("got %v images/s, %v", rate, err)
	}
	if reads := d.reads.Load(); reads < 20 || reads > 25 {
		t.Errorf("%d images read, want 4 batches of 5 and at most one more", reads)
	}
	d.broken = 3
	if _, err := l.Rate(t.Context(), 4); err == nil {
		t.Error("no error for an image that cannot be read")
	}
}
