package imagenet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"

	"github.com/lowprec/lpnets/internal/atomicfile"
	"github.com/lowprec/lpnets/internal/folderlock"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/data/raster"
)

// DefaultShardImages is the number of pictures of a prepared shard: about a gigabyte at a shorter side of 256.
const DefaultShardImages = 4096

// PrepareOptions are the settings of Prepare; the zero value is ready.
type PrepareOptions struct {
	Options
	ShardImages int                   // pictures of a shard; 0 means DefaultShardImages
	Workers     int                   // shards made at the same time; 0 means 1
	Progress    func(done, total int) // in pictures; may be nil, and may be called from several goroutines
}

// Prepare opens the sets in a folder and writes them, decoded and with the shorter side resized to Preprocess.Resize, as shards into another, which is made
// where it does not exist. Evaluation sees the same pixels then; training's crops are drawn from the smaller pictures. ImageNet takes 340 GB at 256.
//
// Shards appear whole or not at all. An interrupted preparation goes on where it stopped when it is called again: shards that are there, of the same
// pictures in the same way, are kept. Files that are left out (Options.Bad) are listed in their shard, which is made again when one was repaired.
//
// It returns an error for what Open returns one for, for a bad file that names it, for a folder with shards of another preparation or
// in which another process prepares, and if ctx ends.
func Prepare(ctx context.Context, from, to string, options PrepareOptions) error {
	if options.ShardImages == 0 {
		options.ShardImages = DefaultShardImages
	}
	if options.ShardImages < 0 || options.Workers < 0 {
		return errors.Errorf("preparing: %d images of a shard, %d workers: want no negative number", options.ShardImages, options.Workers)
	}
	train, val, err := Open(from, options.Options)
	if err != nil {
		return err
	}
	p := &preparation{dir: to, options: options}
	for name, dataset := range map[string]data.Dataset{trainSet: train, valSet: val} {
		if dataset == nil {
			continue
		}
		s := dataset.(*set)
		if _, again := s.pictures.(*prepared); again {
			return errors.Errorf("%s is prepared already", from)
		}
		p.total += s.Len()
		p.plan(name, s)
	}
	if err := os.MkdirAll(to, 0o777); err != nil {
		return errors.WithStack(err)
	}
	unlock, _, err := folderlock.Try(to)
	if err != nil {
		return err
	}
	defer unlock()
	if err := p.checkFolder(); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(options.Workers, 1))
	for _, j := range p.jobs {
		group.Go(func() error { return p.make(ctx, j) })
	}
	return group.Wait()
}

// preparation is a call of Prepare.
type preparation struct {
	dir     string
	options PrepareOptions
	jobs    []preparationJob
	total   int
	done    atomic.Int64
}

// preparationJob is a shard to be made of pictures from…to-1 of a set.
type preparationJob struct {
	set         *set
	from, to    int
	description description
}

func (p *preparation) plan(name string, s *set) {
	shards := (s.Len() + p.options.ShardImages - 1) / p.options.ShardImages
	for i := range shards {
		j := preparationJob{set: s, from: i * p.options.ShardImages, to: min((i+1)*p.options.ShardImages, s.Len())}
		sum := sha256.New()
		for k := j.from; k < j.to; k++ {
			fmt.Fprintf(sum, "%q %d\n", filepath.Base(s.pictures.file(k)), s.labels[k])
		}
		j.description = description{Set: name, Shard: i, Shards: shards, Preprocess: s.preprocess, Classes: s.classes, Source: hex.EncodeToString(sum.Sum(nil))}
		p.jobs = append(p.jobs, j)
	}
}

// checkFolder returns an error if there are shards that are not to be made. It removes what a preparation that was killed has left of some.
func (p *preparation) checkFolder() error {
	atomicfile.RemoveLeftovers(p.dir, ShardExtension)
	files, err := filesIn(p.dir, ShardExtension)
	if err != nil {
		return err
	}
	for _, file := range files {
		if !slices.ContainsFunc(p.jobs, func(j preparationJob) bool { return j.name() == filepath.Base(file) }) {
			return errors.Errorf("%s belongs to another preparation: remove it, or choose another folder", file)
		}
	}
	return nil
}

func (j preparationJob) name() string {
	return shardName(j.description.Set, j.description.Shard, j.description.Shards)
}

// make writes a shard, unless it is there.
func (p *preparation) make(ctx context.Context, j preparationJob) error {
	path := filepath.Join(p.dir, j.name())
	kept, err := j.kept(path)
	if err != nil {
		return err
	}
	if kept {
		p.report(j.to - j.from)
		return nil
	}
	return atomicfile.Write(path, func(w io.Writer) error { return p.write(ctx, j, w) })
}

// kept reports whether the shard is there.
func (j preparationJob) kept(path string) (bool, error) {
	if _, err := os.Stat(path); err != nil {
		return false, nil
	}
	d, err := describe(path)
	if err != nil {
		return false, errors.WithMessage(err, "remove it, or choose another folder")
	}
	if d.Source != j.description.Source || d.Preprocess != j.description.Preprocess || !slices.Equal(d.Classes, j.description.Classes) {
		return false, errors.Errorf("%s was made of other pictures or in another way: remove it, or choose another folder", path)
	}
	return j.stillBad(d.LeftOut)
}

// stillBad reports whether the files that were left out are as bad as they were, and counts them again. It returns an error for one that may not be left out.
func (j preparationJob) stillBad(leftOut []BadFile) (bool, error) {
	place := func(name string) string { return filepath.Join(filepath.Base(filepath.Dir(name)), filepath.Base(name)) } // with its class folder, wherever that is
	bad := map[string]bool{}
	for _, file := range leftOut {
		bad[place(file.Name)] = true
	}
	for i := j.from; i < j.to && len(bad) > 0; i++ {
		if !bad[place(j.set.pictures.file(i))] {
			continue
		}
		_, err := j.shrunk(i)
		var left skipped
		if !errors.As(err, &left) {
			return false, err // without an error it was repaired
		}
		if err := left.LeftOut(); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (p *preparation) write(ctx context.Context, j preparationJob, w io.Writer) error {
	shard, err := newShardWriter(w)
	if err != nil {
		return err
	}
	for i := j.from; i < j.to; i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		picture, err := j.shrunk(i)
		var left skipped
		switch {
		case errors.As(err, &left):
			if err := left.LeftOut(); err != nil {
				return err
			}
			j.description.LeftOut = append(j.description.LeftOut, left.BadFile)
		case err != nil:
			return err
		default:
			if err := shard.add(picture, j.set.labels[i]); err != nil {
				return err
			}
		}
		p.report(1)
	}
	return shard.finish(j.description)
}

// shrunk returns picture i of the set as it is prepared.
func (j preparationJob) shrunk(i int) (*raster.RGB, error) {
	picture, err := j.set.whole(i)
	if err != nil {
		return nil, err
	}
	small, err := j.set.preprocess.Shrink(picture)
	if err != nil {
		return nil, j.set.bad.skip(j.set.pictures.file(i), err)
	}
	return small, nil
}

func (p *preparation) report(pictures int) {
	done := p.done.Add(int64(pictures))
	if p.options.Progress != nil {
		p.options.Progress(int(done), p.total)
	}
}
