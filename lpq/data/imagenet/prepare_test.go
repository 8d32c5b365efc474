package imagenet_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/data/imagenet"
	"github.com/lowprec/lpnets/lpq/data/raster"
)

// prepare writes small shards of two pictures.
func prepare(t testing.TB, from, to string, options imagenet.PrepareOptions) error {
	t.Helper()
	options.Preprocess, options.ShardImages = small, 2
	return imagenet.Prepare(t.Context(), from, to, options)
}

func list(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") { // the lock
			continue
		}
		if files[entry.Name()], err = os.ReadFile(filepath.Join(dir, entry.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// TestPrepare: evaluation sees the same images, whatever the number of workers; training sees the whole of the smaller pictures.
func TestPrepare(t *testing.T) {
	from, to, again := t.TempDir(), filepath.Join(t.TempDir(), "new", "folder"), t.TempDir()
	write(t, from, tree(t))
	train, val := open(t, from, imagenet.Options{})
	var done atomic.Int64
	if err := prepare(t, from, to, imagenet.PrepareOptions{Progress: func(n, total int) { done.Store(int64(100*n + total)) }}); err != nil {
		t.Fatal(err)
	}
	if done.Load() != 808 {
		t.Errorf("progress ends with %d, want 808", done.Load())
	}
	if err := prepare(t, from, again, imagenet.PrepareOptions{Workers: 3}); err != nil {
		t.Fatal(err)
	}
	files := list(t, to)
	if !maps.EqualFunc(files, list(t, again), bytes.Equal) || len(files) != 4 {
		t.Errorf("%d files, want 3 and 1 that do not depend on the number of workers", len(files))
	}
	gotTrain, gotVal := open(t, to, imagenet.Options{})
	same(t, gotTrain, train)
	same(t, gotVal, val)
	if !slices.Equal(gotTrain.Classes(), train.Classes()) {
		t.Error("other classes")
	}
	smaller := small
	smaller.Crop = 10
	gotTrain, _ = open(t, to, imagenet.Options{Preprocess: smaller})
	train, _ = open(t, from, imagenet.Options{Preprocess: smaller})
	same(t, gotTrain, train)
	if err := imagenet.Verify(t.Context(), to, nil); err != nil {
		t.Error(err)
	}
}

// TestPrepareResumes: whole shards are kept, others are made; what an interruption leaves is whole.
func TestPrepareResumes(t *testing.T) {
	from, to, want := t.TempDir(), t.TempDir(), t.TempDir()
	write(t, from, tree(t))
	if err := prepare(t, from, want, imagenet.PrepareOptions{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	options := imagenet.PrepareOptions{Options: imagenet.Options{Preprocess: small}, ShardImages: 2, Progress: func(done, _ int) {
		if done == 3 {
			cancel()
		}
	}}
	if err := imagenet.Prepare(ctx, from, to, options); !errors.Is(err, context.Canceled) {
		t.Fatalf("got error %v, want that of the context", err)
	}
	wantFiles := list(t, want)
	partial := list(t, to)
	if len(partial) == 0 || len(partial) == len(wantFiles) {
		t.Errorf("%d files after an interruption", len(partial))
	}
	for name, content := range partial {
		if !bytes.Equal(content, wantFiles[name]) {
			t.Errorf("%s is left incomplete", name)
		}
	}
	old, err := os.Stat(filepath.Join(to, slices.Sorted(maps.Keys(partial))[0]))
	if err != nil {
		t.Fatal(err)
	}
	if err := prepare(t, from, to, imagenet.PrepareOptions{}); err != nil {
		t.Fatal(err)
	}
	if !maps.EqualFunc(list(t, to), wantFiles, bytes.Equal) {
		t.Error("other files than without an interruption")
	}
	if kept, err := os.Stat(filepath.Join(to, old.Name())); err != nil || !os.SameFile(old, kept) {
		t.Errorf("a whole shard was made again: %v", err)
	}
}

func TestPrepareLeavesOut(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	files := tree(t)
	files["train/"+tench+"/xx.jpg"] = []byte("bad")
	write(t, from, files)
	err := prepare(t, from, to, imagenet.PrepareOptions{})
	wantError(t, err, "xx.jpg", "neither JPEG nor PNG")
	for name := range list(t, to) {
		if filepath.Ext(name) != ".lpqshard" {
			t.Errorf("%s is left", name)
		}
	}
	for range 2 { // the second time from what is there
		bad := &imagenet.BadFiles{Limit: 1}
		if err := prepare(t, from, to, imagenet.PrepareOptions{Options: imagenet.Options{Bad: bad}}); err != nil {
			t.Fatal(err)
		}
		if list := bad.List(); len(list) != 1 || filepath.Base(list[0].Name) != "xx.jpg" {
			t.Errorf("left out %+v", list)
		}
	}
	train, _ := open(t, to, imagenet.Options{})
	if got, want := labels(train), []int32{0, 0, 1, 1, 999, 999}; !slices.Equal(got, want) {
		t.Errorf("got labels %v, want %v", got, want)
	}
	images(t, train)
}

// A file that was left out and has been repaired comes into its shard, also where no more may be left out.
func TestPrepareTakesRepaired(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	files := tree(t)
	name := "train/" + tench + "/xx.jpg"
	files[name] = []byte("bad")
	write(t, from, files)
	if err := prepare(t, from, to, imagenet.PrepareOptions{Options: imagenet.Options{Bad: &imagenet.BadFiles{Limit: 1}}}); err != nil {
		t.Fatal(err)
	}
	wantError(t, prepare(t, from, to, imagenet.PrepareOptions{}), "xx.jpg", "neither JPEG nor PNG")
	write(t, from, map[string][]byte{name: photo(t, "grey.jpg")})
	leftover := filepath.Join(to, "train-00000-of-00004.lpqshard.tmp-123")
	write(t, to, map[string][]byte{filepath.Base(leftover): []byte("of a preparation that was killed")})
	if err := prepare(t, from, to, imagenet.PrepareOptions{}); err != nil {
		t.Fatal(err)
	}
	train, _ := open(t, to, imagenet.Options{})
	if got, want := labels(train), []int32{0, 0, 0, 1, 1, 999, 999}; !slices.Equal(got, want) {
		t.Errorf("got labels %v, want %v", got, want)
	}
	if _, err := os.Stat(leftover); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the leftover: %v", err)
	}
}

func TestPrepareErrors(t *testing.T) {
	from, to, other := t.TempDir(), t.TempDir(), t.TempDir()
	write(t, from, tree(t))
	if err := prepare(t, from, to, imagenet.PrepareOptions{}); err != nil {
		t.Fatal(err)
	}
	wantError(t, prepare(t, to, other, imagenet.PrepareOptions{}), "prepared already")
	files := tree(t)
	files["val/"+tench+"/w.jpg"] = files["val/"+tench+"/v.jpg"]
	write(t, other, files)
	wantError(t, prepare(t, other, to, imagenet.PrepareOptions{}), "val-00000-of-00001.lpqshard belongs to another preparation")
	err := imagenet.Prepare(t.Context(), from, to, imagenet.PrepareOptions{ShardImages: 2, Options: imagenet.Options{Preprocess: raster.Standard}})
	wantError(t, err, "was made of other pictures or in another way")
	wantError(t, imagenet.Prepare(t.Context(), from, to, imagenet.PrepareOptions{Workers: -1}), "want no negative number")
}

func TestOpenPreparedErrors(t *testing.T) {
	from := t.TempDir()
	write(t, from, tree(t))
	const second = "train-00001-of-00003.lpqshard"
	for _, tc := range []struct {
		name    string
		change  func(t *testing.T, dir string)
		options imagenet.Options
		want    []string
	}{
		{"a shard is missing", func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, second)); err != nil {
				t.Fatal(err)
			}
		}, imagenet.Options{}, []string{"train-00000-of-00003.lpqshard", "but the folder has 2 shards"}},
		{"a shard is cut short", func(t *testing.T, dir string) {
			if err := os.Truncate(filepath.Join(dir, second), 3000); err != nil {
				t.Fatal(err)
			}
		}, imagenet.Options{}, []string{second, "cut short or damaged"}},
		{"another filter", nil, imagenet.Options{Preprocess: raster.Preprocess{Resize: 24, Crop: 20, Filter: raster.Bicubic}}, []string{"24/20 bilinear", "24/20 bicubic is wanted"}},
		{"another size", nil, imagenet.Options{Preprocess: raster.Standard}, []string{"256/224 bilinear is wanted"}},
		{"other classes", nil, imagenet.Options{Classes: []string{tench}}, []string{"1000 other classes than the 1 that are wanted"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := prepare(t, from, dir, imagenet.PrepareOptions{}); err != nil {
				t.Fatal(err)
			}
			if tc.change != nil {
				tc.change(t, dir)
			}
			if tc.options.Preprocess == (raster.Preprocess{}) {
				tc.options.Preprocess = small
			}
			_, _, err := imagenet.Open(dir, tc.options)
			wantError(t, err, tc.want...)
		})
	}
}

// TestVerify: a bit that has changed in the pixels goes unnoticed when the shard is opened, and is found here.
func TestVerify(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	write(t, from, tree(t))
	if err := prepare(t, from, to, imagenet.PrepareOptions{}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(to, "val-00000-of-00001.lpqshard")
	content := list(t, to)[filepath.Base(path)]
	content[1000] ^= 4
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	open(t, to, imagenet.Options{})
	wantError(t, imagenet.Verify(t.Context(), to, nil), path, "damaged")
	wantError(t, imagenet.Verify(t.Context(), from, nil), "no prepared shards")
	if err := os.Remove(filepath.Join(to, "train-00001-of-00003.lpqshard")); err != nil {
		t.Fatal(err)
	}
	wantError(t, imagenet.Verify(t.Context(), to, nil), "of the train set", "prepare the set again")
	if err := prepare(t, from, to, imagenet.PrepareOptions{}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := imagenet.Verify(ctx, to, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// TestLoaderDependsOnSeedAlone: crops of prepared shards and of files, with any number of workers, from any batch on.
func TestLoaderDependsOnSeedAlone(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	write(t, from, tree(t))
	if err := prepare(t, from, to, imagenet.PrepareOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{from, to} {
		train, _ := open(t, dir, imagenet.Options{})
		batches := func(workers, epoch, first int) (all [][]uint8) {
			l := &data.Loader{Dataset: train, BatchSize: 2, Shuffle: true, Seed: 4, Augment: data.ImageNetAugment, Workers: workers}
			for batch, err := range l.Epoch(t.Context(), epoch, first) {
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, batch.Images)
			}
			return all
		}
		want := batches(1, 3, 0)
		if !slices.EqualFunc(batches(4, 3, 0), want, bytes.Equal) || !slices.EqualFunc(batches(3, 3, 2), want[2:], bytes.Equal) {
			t.Error("the number of workers, or the first batch, changes the crops")
		}
		if slices.EqualFunc(batches(1, 4, 0), want, bytes.Equal) {
			t.Error("the next epoch has the same crops")
		}
	}
}

// BenchmarkCrops: training crops of photographs, from files and from prepared shards, by one worker.
func BenchmarkCrops(b *testing.B) {
	from, to := shared.Path(b, "data", "imagenet-sample"), b.TempDir()
	if err := imagenet.Prepare(b.Context(), from, to, imagenet.PrepareOptions{}); err != nil {
		b.Fatal(err)
	}
	for name, dir := range map[string]string{"jpeg": from, "prepared": to} {
		b.Run(name, func(b *testing.B) {
			_, val := open(b, dir, imagenet.Options{Preprocess: raster.Standard})
			l := &data.Loader{Dataset: val, BatchSize: 50, Shuffle: true, Augment: data.ImageNetAugment}
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
			b.ReportMetric(0, "ns/op")
		})
	}
}
