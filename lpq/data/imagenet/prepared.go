package imagenet

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/data/raster"
)

// prepared are the pictures of prepared shards.
type prepared struct {
	shards []shard
	starts []int // of each shard, and the number of all pictures
}

// shard is one open file. It refers to the mapping as long as it is in use.
type shard struct {
	path   string
	pixels *mapped
	items  []item
}

func (p *prepared) find(i int) (*shard, int) {
	k, found := slices.BinarySearch(p.starts, i)
	if !found {
		k--
	}
	for p.starts[k+1] == i { // shards without pictures
		k++
	}
	return &p.shards[k], i - p.starts[k]
}

func (p *prepared) file(i int) string {
	s, k := p.find(i)
	return s.path + ": picture " + strconv.Itoa(k)
}

func (p *prepared) picture(i int) (*raster.RGB, error) {
	s, k := p.find(i)
	it := s.items[k]
	pixels, err := s.pixels.at(it.offset, 3*it.width*it.height)
	return &raster.RGB{Width: it.width, Height: it.height, Pix: pixels}, err
}

// findPrepared finds prepared shards in a folder.
func findPrepared(path string) (map[string]place, error) {
	files, err := filesIn(path, ShardExtension)
	if err != nil {
		return nil, err
	}
	places := map[string]place{}
	for _, file := range files {
		d, err := describe(file)
		if err != nil {
			return nil, err
		}
		places[d.Set] = place{kind: preparedKind, dir: path, shards: append(places[d.Set].shards, d)}
	}
	return places, nil
}

// described is all of a shard but the pixels.
type described struct {
	description
	path  string
	items []item
	sum   []byte // that the pixels are to have
}

func describe(path string) (d described, err error) {
	file, size, err := openFile(path)
	if err != nil {
		return d, err
	}
	defer file.Close()
	d.path = path
	d.description, d.items, d.sum, err = parseShard(file, size)
	return d, errors.WithMessagef(err, "prepared shard %s", path)
}

// openPrepared maps all shards of a set, after it has made sure that all are there and fit together.
func openPrepared(name, dir string, shards []described, n *numbering, options Options) (*set, *numbering, error) {
	p := &prepared{starts: []int{0}}
	if err := checkWhole(shards); err != nil {
		return nil, nil, err
	}
	first := shards[0].description
	var labels []int32
	for _, d := range shards {
		s, err := openShard(d.path, d.items)
		if err != nil {
			return nil, nil, err
		}
		for _, item := range d.items {
			labels = append(labels, item.label)
		}
		p.shards, p.starts = append(p.shards, s), append(p.starts, len(labels))
	}
	if got, want := first.Preprocess, options.Preprocess; got.Resize != want.Resize || got.Filter != want.Filter {
		return nil, nil, errors.Errorf("%s was prepared for %s, and %s is wanted: prepare it for that, or choose another folder", dir, got, want)
	}
	if n != nil && !slices.Equal(n.classes, first.Classes) {
		return nil, nil, errors.Errorf("the %s set in %s was prepared with %d other classes than the %d that are wanted", name, dir, len(first.Classes), len(n.classes))
	}
	if len(labels) == 0 {
		return nil, nil, errors.Errorf("%s: the %s set has no pictures", dir, name)
	}
	s := &set{name: name + " prepared " + options.Preprocess.String(), classes: first.Classes, labels: labels, preprocess: options.Preprocess, pictures: p}
	return s, &numbering{classes: first.Classes}, nil
}

// follows reports whether d is shard i of n of the same set as the first.
func (d description) follows(first description, i, n int) bool {
	return d.Shard == i && d.Shards == n && d.Preprocess == first.Preprocess && slices.Equal(d.Classes, first.Classes)
}

func openShard(path string, items []item) (shard, error) {
	file, size, err := openFile(path)
	if err != nil {
		return shard{}, err
	}
	defer file.Close()
	pixels, err := mapFile(file, size)
	return shard{path, pixels, items}, err
}

// Verify reads all pixels of prepared shards in a folder, makes sure that none of their sets' shards is missing, and compares them with their sums. progress,
// which may be nil, is called after every shard. It returns ctx's error if that ends.
func Verify(ctx context.Context, dir string, progress func(done, total int)) error {
	places, err := findPrepared(dir)
	if err != nil {
		return err
	}
	var shards []described
	for _, set := range slices.Sorted(maps.Keys(places)) {
		if err := checkWhole(places[set].shards); err != nil {
			return err
		}
		shards = append(shards, places[set].shards...)
	}
	if len(shards) == 0 {
		return errors.Errorf("no prepared shards in %s", dir)
	}
	for i, d := range shards {
		if ctx.Err() != nil {
			return errors.Wrap(ctx.Err(), "verifying")
		}
		if err := d.verify(); err != nil {
			return err
		}
		if progress != nil {
			progress(i+1, len(shards))
		}
	}
	return nil
}

// Shards lists the files of the prepared shards in a folder, by name.
func Shards(dir string) ([]string, error) { return filesIn(dir, ShardExtension) }

// checkWhole returns an error unless the shards are all those of their set.
func checkWhole(shards []described) error {
	for i, d := range shards {
		if !d.follows(shards[0].description, i, len(shards)) {
			return errors.Errorf("%s is shard %d of %d of the %s set (%s, %d classes), but the folder has %d shards of it: prepare the set again",
				d.path, d.Shard, d.Shards, d.Set, d.Preprocess, len(d.Classes), len(shards))
		}
	}
	return nil
}

// verify compares the pixels of a shard with their sum.
func (d described) verify() error {
	length := int64(0)
	for _, it := range d.items {
		length += int64(3 * it.width * it.height)
	}
	file, _, err := openFile(d.path)
	if err != nil {
		return err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(file, int64(len(shardMagic)), length)); err != nil {
		return errors.Wrap(err, d.path)
	}
	if !bytes.Equal(sum.Sum(nil), d.sum) {
		return errors.Errorf("prepared shard %s is damaged: its pixels do not have the sum that it says; prepare it again", d.path)
	}
	return nil
}
