package imagenet

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"io"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/data/raster"
)

// A prepared shard is a file of, in this order and in little endian:
//
//	8 bytes       "LPQSHARD"
//	pixels        of all pictures, each [height, width, 3], one after the other
//	index         per picture uint32 width, height, label
//	description   JSON, see description
//	trailer       uint32 version, number of pictures, bytes of the description, 0; sha256 of the pixels; sha256 of all between the pixels and here
//
// What describes the pixels comes after them, so that a shard is written in one go.
const (
	shardMagic     = "LPQSHARD"
	shardVersion   = 1
	indexEntry     = 3 * 4
	trailerNumbers = 4 * 4
	trailerSize    = trailerNumbers + 2*sha256.Size
	maxDescription = 64 << 20
)

// description is what is said about a shard's pictures.
type description struct {
	Set        string            `json:"set"`    // train or val
	Shard      int               `json:"shard"`  // of
	Shards     int               `json:"shards"` // in all
	Preprocess raster.Preprocess `json:"preprocess"`
	Classes    []string          `json:"classes"`
	Source     string            `json:"source"` // sha256 of names and labels of what the shard was made from
	LeftOut    []BadFile         `json:"left_out,omitempty"`
}

// item is one picture of the index.
type item struct {
	width, height int
	label         int32
	offset        int64 // of its pixels in the file
}

// shardName is for example train-00003-of-00128.lpqshard.
func shardName(set string, shard, shards int) string {
	return fmt.Sprintf("%s-%05d-of-%05d%s", set, shard, shards, ShardExtension)
}

// ShardExtension is that of prepared shards.
const ShardExtension = ".lpqshard"

// shardWriter writes a shard, picture by picture.
type shardWriter struct {
	w      io.Writer
	pixels hash.Hash
	index  []byte
}

func newShardWriter(w io.Writer) (*shardWriter, error) {
	_, err := io.WriteString(w, shardMagic)
	return &shardWriter{w: w, pixels: sha256.New()}, errors.WithStack(err)
}

func (s *shardWriter) add(picture *raster.RGB, label int32) error {
	for _, number := range []int{picture.Width, picture.Height, int(label)} {
		s.index = binary.LittleEndian.AppendUint32(s.index, uint32(number))
	}
	_, err := io.MultiWriter(s.w, s.pixels).Write(picture.Pix)
	return errors.WithStack(err)
}

// finish writes what follows the pixels.
func (s *shardWriter) finish(d description) error {
	text, err := json.Marshal(d)
	if err != nil {
		return errors.WithStack(err)
	}
	tail := append(bytes.Clone(s.index), text...)
	for _, number := range []int{shardVersion, len(s.index) / indexEntry, len(text), 0} {
		tail = binary.LittleEndian.AppendUint32(tail, uint32(number))
	}
	tail = s.pixels.Sum(tail)
	sum := sha256.Sum256(tail)
	_, err = s.w.Write(append(tail, sum[:]...))
	return errors.WithStack(err)
}

// parseShard reads and checks everything but the pixels of a shard of size bytes. It returns the sum that the pixels are to have.
func parseShard(file io.ReaderAt, size int64) (d description, items []item, pixels []byte, err error) {
	tail, count, err := readTail(file, size)
	if err != nil {
		return d, nil, nil, err
	}
	signed, sum := tail[:len(tail)-sha256.Size], tail[len(tail)-sha256.Size:]
	if want := sha256.Sum256(signed); !bytes.Equal(sum, want[:]) {
		return d, nil, nil, errors.New("damaged: its index does not have the sum that it says")
	}
	pixels = signed[len(signed)-sha256.Size:]
	index, text := signed[:count*indexEntry], signed[count*indexEntry:len(signed)-sha256.Size-trailerNumbers]
	if err := json.Unmarshal(text, &d); err != nil {
		return d, nil, nil, errors.Wrap(err, "its description")
	}
	if err := d.validate(); err != nil {
		return d, nil, nil, err
	}
	items, err = d.items(index, size-int64(len(tail)))
	return d, items, pixels, err
}

// readTail returns what follows the pixels, and the number of pictures.
func readTail(file io.ReaderAt, size int64) (tail []byte, count int, err error) {
	head, trailer := make([]byte, len(shardMagic)), make([]byte, trailerSize)
	if size < int64(len(head)+len(trailer)) {
		return nil, 0, errors.Errorf("too short for a prepared shard: %d bytes", size)
	}
	if _, err := file.ReadAt(head, 0); err != nil {
		return nil, 0, errors.WithStack(err)
	}
	if _, err := file.ReadAt(trailer, size-trailerSize); err != nil {
		return nil, 0, errors.WithStack(err)
	}
	if string(head) != shardMagic {
		return nil, 0, errors.Errorf("not a prepared shard: it begins with %q", head)
	}
	number := func(i int) int64 { return int64(binary.LittleEndian.Uint32(trailer[4*i:])) }
	length := number(1)*indexEntry + number(2) + trailerSize
	switch {
	case number(3) != 0 || length > size-int64(len(head)) || number(2) > maxDescription:
		return nil, 0, errors.New("cut short or damaged: its end is not that of a prepared shard")
	case number(0) != shardVersion:
		return nil, 0, errors.Errorf("written in version %d of the format, this program reads %d: prepare it again", number(0), shardVersion)
	}
	tail = make([]byte, length)
	if _, err := file.ReadAt(tail, size-length); err != nil && err != io.EOF {
		return nil, 0, errors.WithStack(err)
	}
	return tail, int(number(1)), nil
}

func (d description) validate() error {
	switch {
	case d.Set != trainSet && d.Set != valSet:
		return errors.Errorf("set %q, want %s or %s", d.Set, trainSet, valSet)
	case d.Shards < 1 || d.Shard < 0 || d.Shard >= d.Shards:
		return errors.Errorf("shard %d of %d", d.Shard, d.Shards)
	}
	return d.Preprocess.Validate()
}

// items reads the index; pixels end at that offset of the file.
func (d description) items(index []byte, end int64) ([]item, error) {
	items := make([]item, len(index)/indexEntry)
	at := int64(len(shardMagic))
	for i := range items {
		number := func(k int) int64 { return int64(binary.LittleEndian.Uint32(index[i*indexEntry+4*k:])) }
		width, height, label := number(0), number(1), number(2)
		if min(width, height) != int64(d.Preprocess.Resize) || width > raster.MaxPixels/height {
			return nil, errors.Errorf("picture %d is of %dx%d, want a shorter side of %d", i, width, height, d.Preprocess.Resize)
		}
		if label >= int64(len(d.Classes)) {
			return nil, errors.Errorf("picture %d has label %d of %d classes", i, label, len(d.Classes))
		}
		items[i] = item{int(width), int(height), int32(label), at}
		at += 3 * width * height
	}
	if at != end {
		return nil, errors.Errorf("pixels of %d pictures end at byte %d, want %d", len(items), at, end)
	}
	return items, nil
}
