package data

import (
	"context"
	"time"
)

// Rate makes the first batches of epoch 0, as many as are asked for or as there are, and returns how many images it made per second: what training can get at
// most from the loader as it is set.
func (l *Loader) Rate(ctx context.Context, batches int) (imagesPerSec float64, err error) {
	start, images := time.Now(), 0
	for batch, err := range l.Epoch(ctx, 0, 0) {
		if err != nil {
			return 0, err
		}
		images += batch.Size
		if batch.Index+1 >= batches {
			break
		}
	}
	return float64(images) / time.Since(start).Seconds(), nil
}
