package imagenet

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/lpq/data/raster"
)

// exampleShard has two pictures, of 2x3 and 4x2.
func exampleShard(t testing.TB, change func(d *description)) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := newShardWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	for i, picture := range []*raster.RGB{raster.NewRGB(2, 3), raster.NewRGB(4, 2)} {
		for k := range picture.Pix {
			picture.Pix[k] = uint8(100*i + k)
		}
		if err := w.add(picture, int32(1-i)); err != nil {
			t.Fatal(err)
		}
	}
	d := description{Set: trainSet, Shards: 1, Preprocess: raster.Preprocess{Resize: 2, Crop: 2, Filter: raster.Bilinear}, Classes: []string{"cat", "dog"}}
	if change != nil {
		change(&d)
	}
	if err := w.finish(d); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// sign makes the last sum right again.
func sign(shard []byte) []byte {
	body := len(shard) - sha256.Size
	length := int(binary.LittleEndian.Uint32(shard[len(shard)-trailerSize+4:]))*indexEntry + int(binary.LittleEndian.Uint32(shard[len(shard)-trailerSize+8:])) + trailerSize
	if length > len(shard) {
		return shard
	}
	sum := sha256.Sum256(shard[len(shard)-length : body])
	return append(bytes.Clone(shard[:body]), sum[:]...)
}

func TestParseShard(t *testing.T) {
	shard := exampleShard(t, nil)
	d, items, sum, err := parseShard(bytes.NewReader(shard), int64(len(shard)))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(items), "[{2 3 1 8} {4 2 0 26}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if want := sha256.Sum256(shard[8:50]); !bytes.Equal(sum, want[:]) || d.Classes[1] != "dog" {
		t.Errorf("got sum %x, want %x; %+v", sum, want, d)
	}
}

func TestParseShardErrors(t *testing.T) {
	good := exampleShard(t, nil)
	trailer := len(good) - trailerSize
	index := bytes.Index(good, []byte(`{"set"`)) - 2*indexEntry
	with := func(at int, value byte) []byte {
		out := bytes.Clone(good)
		out[at] = value
		return sign(out)
	}
	for _, tc := range []struct {
		name  string
		shard []byte
		want  string
	}{
		{"nothing", nil, "too short"},
		{"cut short", good[:len(good)-1], "cut short or damaged"},
		{"longer", append(bytes.Clone(good), 0), "cut short or damaged"},
		{"other beginning", with(0, 'x'), "not a prepared shard"},
		{"later version", with(trailer, 2), "version 2 of the format, this program reads 1"},
		{"fewer pictures", with(trailer+4, 1), "pixels of 1 pictures end at byte 32, want 62"},
		{"more pictures", with(trailer+7, 1), "cut short or damaged"},
		{"long description", with(trailer+11, 255), "cut short or damaged"},
		{"flipped bit", func() []byte { out := bytes.Clone(good); out[index+8] ^= 1; return out }(), "does not have the sum"},
		{"width 0", with(index, 0), "picture 0 is of 0x3"},
		{"wider", with(index+indexEntry, 5), "pixels of 2 pictures end at byte 56, want 50"},
		{"very wide", with(index+indexEntry+3, 255), "picture 1 is of"},
		{"label", with(index+8, 2), "label 2 of 2 classes"},
		{"no JSON", with(index+2*indexEntry, 'x'), "its description"},
		{"other set", exampleShard(t, func(d *description) { d.Set = "test" }), `set "test"`},
		{"shard 1 of 1", exampleShard(t, func(d *description) { d.Shard = 1 }), "shard 1 of 1"},
		{"crop", exampleShard(t, func(d *description) { d.Preprocess.Crop = 3 }), "crop 3"},
		{"other size", exampleShard(t, func(d *description) { d.Preprocess.Resize = 3 }), "want a shorter side of 3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, _, err := parseShard(bytes.NewReader(tc.shard), int64(len(tc.shard)))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want %q", err, tc.want)
			}
		})
	}
}

// TestFindPicture: shards without pictures are passed over.
func TestFindPicture(t *testing.T) {
	p := &prepared{shards: []shard{{path: "a"}, {path: "b"}, {path: "c"}, {path: "d"}}, starts: []int{0, 0, 2, 2, 3}}
	for i, want := range []string{"b: picture 0", "b: picture 1", "d: picture 0"} {
		if got := p.file(i); got != want {
			t.Errorf("picture %d: got %q, want %q", i, got, want)
		}
	}
}

// FuzzShard: any bytes with a right sum are pictures within the file, or an error.
func FuzzShard(f *testing.F) {
	f.Add(exampleShard(f, nil))
	f.Fuzz(func(t *testing.T, shard []byte) {
		if len(shard) >= trailerSize {
			shard = sign(shard)
		}
		d, items, _, err := parseShard(bytes.NewReader(shard), int64(len(shard)))
		if err != nil {
			return
		}
		for _, it := range items {
			if it.offset < 8 || it.offset+int64(3*it.width*it.height) > int64(len(shard)) || int(it.label) >= len(d.Classes) {
				t.Errorf("item %+v in a shard of %d bytes and %d classes", it, len(shard), len(d.Classes))
			}
		}
	})
}

// FuzzArchive: any bytes are pictures within the archive, or an error.
func FuzzArchive(f *testing.F) {
	f.Add([]byte(nil))
	f.Add(exampleArchive(f))
	n := ofImageNet()
	f.Fuzz(func(t *testing.T, archive []byte) {
		samples, err := indexArchive(bytes.NewReader(archive), n)
		if err != nil {
			return
		}
		for _, s := range samples {
			if s.problem() == nil && s.picture != nil && (s.picture.offset < 0 || s.picture.size < 0 || s.picture.offset+s.picture.size > int64(len(archive))) {
				t.Errorf("picture at %d of %d bytes in an archive of %d", s.picture.offset, s.picture.size, len(archive))
			}
		}
	})
}
