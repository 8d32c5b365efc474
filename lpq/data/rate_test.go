package data_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/data"
)

// damaged is a dataset of which no image can be read; each may be left out.
type damaged struct {
	data.Dataset
	reads int
}

func (d *damaged) Image(int, []uint8) error {
	d.reads++
	return errors.WithMessage(data.ErrSkip, "damaged")
}

// TestNothingReadable: a loader whose images are all to be left out does not go round them for ever, nor say that all is well.
func TestNothingReadable(t *testing.T) {
	for _, dropLast := range []bool{false, true} {
		d := &damaged{Dataset: numbered(t, 20)}
		l := &data.Loader{Dataset: d, BatchSize: 5, DropLast: dropLast, Prefetch: 1}
		_, err := l.Rate(t.Context(), 100)
		if err == nil || !strings.Contains(err.Error(), "none of the 20 images of dataset ") || errors.Is(err, data.ErrSkip) {
			t.Errorf("full batches %v: got error %v", dropLast, err)
		}
		if d.reads > 40 {
			t.Errorf("full batches %v: %d reads of 20 images", dropLast, d.reads)
		}
	}
}

// TestRateGoesRound: a small dataset gives as many batches as are asked for.
func TestRateGoesRound(t *testing.T) {
	d := &counting{Dataset: numbered(t, 10), broken: -1}
	l := &data.Loader{Dataset: d, BatchSize: 5, Prefetch: 1}
	if rate, err := l.Rate(t.Context(), 6); err != nil || rate <= 0 {
		t.Errorf("got %v images/s, %v", rate, err)
	}
	if reads := d.reads.Load(); reads != 30 {
		t.Errorf("%d images read, want 6 batches of 5", reads)
	}
}

func TestMeter(t *testing.T) {
	d := &counting{Dataset: numbered(t, 100), broken: -1, pause: time.Millisecond}
	l := &data.Loader{Dataset: d, BatchSize: 10, Workers: 2}
	var m data.Meter
	if got := m.Rate(l); got != 0 {
		t.Errorf("%v images/s before the first batch, want 0", got)
	}
	for batch, err := range l.Epoch(t.Context(), 0, 0) {
		if err != nil {
			t.Fatal(err)
		}
		m.Add(batch)
		time.Sleep(20 * time.Millisecond) // what is slow behind the loader does not count
	}
	// Each image takes a millisecond or more of one of two workers; the consumer takes 500 images per second at most.
	if got := m.Rate(l); !(got > 0 && got <= 2000) {
		t.Errorf("got %v images/s, want no more than 2000", got)
	}
	m = data.Meter{}
	m.Add(data.Batch{Size: 30, Took: time.Second})
	m.Add(data.Batch{Size: 10, Took: time.Second})
	if got := m.Rate(l); got != 40 { // 20 images per second of a worker
		t.Errorf("got %v images/s, want 40", got)
	}
}

func TestDefaultAugment(t *testing.T) {
	if got := data.DefaultAugment(numbered(t, 1)); got != data.CIFARAugment {
		t.Errorf("images of one size: %+v", got)
	}
	if got := data.DefaultAugment(data.Head(newAlbum(t, 2), 1)); got != data.ImageNetAugment {
		t.Errorf("photographs: %+v", got)
	}
}
