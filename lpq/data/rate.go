package data

import (
	"context"
	"time"
)

// Rate makes that many batches, of epoch 0 and those after it, and returns how many images it made per second: what training can get at most from the loader
// as it is set.
func (l *Loader) Rate(ctx context.Context, batches int) (imagesPerSec float64, err error) {
	start, images := time.Now(), 0
	for made, epoch := 0, 0; made < batches; epoch++ {
		for batch, err := range l.Epoch(ctx, epoch, 0) {
			if err != nil {
				return 0, err
			}
			images += batch.Size
			if made++; made >= batches {
				break
			}
		}
	}
	return float64(images) / time.Since(start).Seconds(), nil
}

// Meter tells what a loader could give while its consumer takes less. The zero value has seen nothing.
type Meter struct {
	images int
	took   time.Duration
}

// Add counts a batch of the loader.
func (m *Meter) Add(b Batch) {
	m.images += b.Size
	m.took += b.Took
}

// Rate is how many images per second the loader's workers make, as busy as the machine was: where training is about as fast, it waits for the loader. It is 0
// before the first batch.
func (m *Meter) Rate(l *Loader) float64 {
	if m.took == 0 {
		return 0
	}
	return float64(m.images*l.working()) / m.took.Seconds()
}
