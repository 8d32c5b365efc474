package data

import (
	"context"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/pkg/errors"
)

// Batch is a run of images of one epoch. The consumer owns it: its buffers are never used again.
type Batch struct {
	Images []uint8 // [Size, height, width, channels]
	Labels []int32 // [Size]
	Epoch  int
	Index  int // place in the epoch, 0…Batches()-1
	Size   int // BatchSize; or less in an epoch's last batch, or where images were left out, unless DropLast
	// Took is how long the worker that made the batch was at work: Size/Took is what one worker gives, whoever waits for whom.
	Took time.Duration
}

// Loader makes batches of a dataset ahead of their consumer. What a batch holds depends on Dataset, BatchSize, Shuffle, Seed,
// Augment, the epoch and the batch's index: not on Workers, Prefetch, or the batches asked for before.
type Loader struct {
	Dataset   Dataset
	BatchSize int
	Shuffle   bool // another order of all images in every epoch; false: the dataset's own
	Seed      uint64
	Augment   Augment
	Workers   int // batches made at the same time; 0: 1
	Prefetch  int // batches made or in the making ahead of the consumer; 0: 2*Workers
	// DropLast leaves out an epoch's last batch if it is not full. Then an image that is left out (ErrSkip) is replaced by the next of the dataset, so that all
	// batches are full.
	DropLast bool
}

// Validate returns an error if the loader cannot deliver a batch.
func (l *Loader) Validate() error {
	switch {
	case l.Dataset == nil:
		return errors.New("loader: no dataset")
	case l.Dataset.Len() == 0:
		return errors.Errorf("loader: dataset %s has no images", l.Dataset.Name())
	case l.BatchSize <= 0:
		return errors.Errorf("loader: batch size %d, want at least 1", l.BatchSize)
	case l.Workers < 0 || l.Prefetch < 0:
		return errors.Errorf("loader: %d workers, %d batches ahead: want no negative number", l.Workers, l.Prefetch)
	case l.Batches() == 0:
		return errors.Errorf("loader: no full batch of %d images in dataset %s of %d: choose a smaller batch or keep the last one",
			l.BatchSize, l.Dataset.Name(), l.Dataset.Len())
	}
	return errors.WithMessage(l.Augment.validate(l.Dataset), "loader")
}

// Batches is the number of batches of an epoch; 0 if there is no dataset or the batch size is not positive.
func (l *Loader) Batches() int {
	if l.Dataset == nil || l.BatchSize <= 0 {
		return 0
	}
	full, rest := l.Dataset.Len()/l.BatchSize, l.Dataset.Len()%l.BatchSize
	if rest > 0 && !l.DropLast {
		return full + 1
	}
	return full
}

// Epoch iterates over the batches from, from+1, … of an epoch, in order. After an error, among them ctx's, it ends. That all images of a dataset are
// to be left out is an error too.
// Its goroutines end with the loop over it, however that ends; the loop waits for images that are being read.
func (l *Loader) Epoch(ctx context.Context, epoch, from int) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		if err := l.check(epoch, from); err != nil {
			yield(Batch{}, err)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		p := l.start(ctx, epoch)
		defer p.stop(cancel)
		ahead, batches, images := from, l.Batches(), 0
		for index := from; index < batches; index++ {
			for ; ahead < min(batches, index+cap(p.jobs)); ahead++ {
				p.submit(ahead)
			}
			batch, err := p.await(ctx)
			if err == nil && batch.Size == 0 {
				continue
			}
			if !yield(batch, errors.WithMessagef(err, "batch %d of epoch %d", index, epoch)) || err != nil {
				return
			}
			images += batch.Size
		}
		if images == 0 && from == 0 {
			yield(Batch{}, l.unreadable())
		}
	}
}

// unreadable is the error for a dataset of which nothing is left.
func (l *Loader) unreadable() error {
	return errors.Errorf("loader: none of the %d images of dataset %s can be read", l.Dataset.Len(), l.Dataset.Name())
}

func (l *Loader) check(epoch, from int) error {
	if err := l.Validate(); err != nil {
		return err
	}
	if epoch < 0 || from < 0 || from > l.Batches() {
		return errors.Errorf("loader: no batch %d of epoch %d: an epoch of dataset %s has %d", from, epoch, l.Dataset.Name(), l.Batches())
	}
	return nil
}

// order returns the dataset's indices in the order of an epoch.
func (l *Loader) order(epoch int) []int {
	n := l.Dataset.Len()
	if l.Shuffle {
		random := newStream(l.Seed, purposeShuffle, uint64(epoch), 0)
		return random.permutation(n)
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	return order
}

// build makes one batch of the images at the given indices of the dataset.
func (l *Loader) build(ctx context.Context, epoch, index int, indices []int) (r reply) {
	size := l.Dataset.Shape().Size()
	started := time.Now()
	batch := &r.batch
	*batch = Batch{Images: make([]uint8, len(indices)*size), Labels: make([]int32, len(indices)), Epoch: epoch, Index: index}
	original := make([]uint8, size)
	for _, i := range indices {
		if err := ctx.Err(); err != nil {
			return reply{err: err}
		}
		i, err := l.image(epoch, i, original, batch.Images[batch.Size*size:(batch.Size+1)*size], &r)
		if r.tooMany() {
			return r
		}
		if errors.Is(err, ErrSkip) {
			continue
		}
		if err != nil {
			return reply{err: err, skips: r.skips}
		}
		batch.Labels[batch.Size] = l.Dataset.Label(i)
		batch.Size++
	}
	batch.Images, batch.Labels = batch.Images[:batch.Size*size], batch.Labels[:batch.Size]
	batch.Took = time.Since(started)
	return r
}

// image writes image i, augmented, or the one that stands in for it; it returns the index of the image that was written, and notes what was left out.
func (l *Loader) image(epoch, i int, original, dst []uint8, r *reply) (int, error) {
	for range l.Dataset.Len() {
		random := newStream(l.Seed, purposeAugment, uint64(epoch), uint64(i))
		err := l.Augment.image(l.Dataset, i, &random, original, dst)
		if r.note(err); r.tooMany() {
			return i, err
		}
		if !l.DropLast || !errors.Is(err, ErrSkip) {
			return i, err
		}
		i = (i + 1) % l.Dataset.Len()
	}
	return i, l.unreadable()
}

// pipeline makes batches in goroutines and hands them out in the order in which they were asked for.
type pipeline struct {
	jobs    chan job
	replies chan chan reply // one for each batch asked for and not handed out, oldest first
	workers sync.WaitGroup
}

type job struct {
	index int
	reply chan reply
}

type reply struct {
	batch Batch
	skips []Skip // each once
	err   error
}

// note keeps an error that is a Skip.
func (r *reply) note(err error) {
	var skip Skip
	if errors.As(err, &skip) && !slices.ContainsFunc(r.skips, func(s Skip) bool { return s.Error() == skip.Error() }) {
		r.skips = append(r.skips, skip)
	}
}

// tooMany reports whether handOut will return an error in any case.
func (r *reply) tooMany() bool {
	n := len(r.skips)
	return n > 0 && n > r.skips[n-1].Limit()
}

// handOut counts what was left out.
func (r reply) handOut() (Batch, error) {
	for _, skip := range r.skips {
		if err := skip.LeftOut(); err != nil {
			return Batch{}, err
		}
	}
	return r.batch, r.err
}

// working is the number of workers that there is work for.
func (l *Loader) working() int { return clamp(l.Workers, 1, l.Batches()) }

// start begins l.Workers goroutines, which make batches of the epoch until p.jobs is closed.
func (l *Loader) start(ctx context.Context, epoch int) *pipeline {
	workers := l.working()
	prefetch := min(l.Prefetch, l.Batches())
	if prefetch == 0 {
		prefetch = 2 * workers
	}
	p := &pipeline{jobs: make(chan job, prefetch), replies: make(chan chan reply, prefetch)}
	order := l.order(epoch)
	for range workers {
		p.workers.Go(func() {
			for j := range p.jobs {
				indices := order[j.index*l.BatchSize : min(len(order), (j.index+1)*l.BatchSize)]
				j.reply <- l.build(ctx, epoch, j.index, indices)
			}
		})
	}
	return p
}

// submit never blocks: there are never more than cap(p.jobs) batches asked for and not handed out.
func (p *pipeline) submit(index int) {
	j := job{index, make(chan reply, 1)}
	p.jobs <- j
	p.replies <- j.reply
}

// await returns the oldest batch asked for, or ctx's error once it has one.
func (p *pipeline) await(ctx context.Context) (Batch, error) {
	if err := ctx.Err(); err != nil {
		return Batch{}, err
	}
	select {
	case r := <-<-p.replies:
		return r.handOut()
	case <-ctx.Done():
		return Batch{}, ctx.Err()
	}
}

// stop ends the workers and waits for them.
func (p *pipeline) stop(cancel context.CancelFunc) {
	cancel()
	close(p.jobs)
	p.workers.Wait()
}
