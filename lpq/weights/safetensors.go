package weights

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pkg/errors"
)

// The form is https://github.com/huggingface/safetensors#format: the header's length, 8 bytes little-endian; a JSON object, padded
// with spaces, of {"dtype","shape","data_offsets"} by name; the data, without holes.
//
// github.com/nlpodyssey/safetensors is not used (but tests compare with it): it accepts names that repeat, loses the order of the
// tensors, and its header reader takes tens of bytes of memory for each of up to 100 million bytes of header.

const (
	metadataKey   = "__metadata__"
	maxHeaderSize = 100_000_000 // The format's own limit.
)

// entry is a tensor's description in the header.
type entry struct {
	name    string
	DType   DType   `json:"dtype"`
	Shape   []int   `json:"shape"`
	Offsets []int64 `json:"data_offsets"` // Begin and end, from the header's end.
}

func parseSafetensors(data []byte) (*File, error) {
	headerSize := binary.LittleEndian.Uint64(data)
	body := data[8:]
	if headerSize > uint64(len(body)) {
		return nil, errors.Wrapf(ErrTruncated, "the header needs %d bytes, %d are there", headerSize, len(body))
	}
	header, body := body[:headerSize], body[headerSize:]
	entries, metadata, err := parseHeader(header)
	if err != nil {
		return nil, errors.WithMessage(err, "header")
	}
	// The order of the file is that of the data.
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.Offsets[0], b.Offsets[0]), cmp.Compare(a.Offsets[1], b.Offsets[1]))
	})
	f := &File{Tensors: make([]Tensor, len(entries)), Metadata: metadata}
	end := int64(0)
	for i, e := range entries {
		if f.Tensors[i], err = e.tensor(body, end); err != nil {
			return nil, errors.WithMessagef(err, "tensor %q", e.name)
		}
		end = e.Offsets[1]
	}
	if end < int64(len(body)) {
		return nil, errors.Errorf("%d bytes after the last tensor belong to none", int64(len(body))-end)
	}
	return f, nil
}

// parseHeader reads the JSON by its tokens: a map would lose the order and hide names that repeat.
func parseHeader(header []byte) (entries []entry, metadata map[string]string, err error) {
	if !utf8.Valid(header) {
		return nil, nil, errors.New("not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(header))
	decoder.DisallowUnknownFields()
	if _, err := decoder.Token(); err != nil { // The opening brace, which detect has seen.
		return nil, nil, errors.WithStack(err)
	}
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, nil, errors.WithStack(err)
		}
		name, _ := token.(string) // JSON allows nothing else here.
		if seen[name] {
			return nil, nil, errors.Errorf("%q stands there twice", name)
		}
		seen[name] = true
		if name == metadataKey {
			err = decoder.Decode(&metadata)
		} else {
			entries, err = appendEntry(entries, decoder, name)
		}
		if err != nil {
			return nil, nil, errors.Wrapf(err, "entry %q", name)
		}
	}
	if _, err := decoder.Token(); err != nil {
		return nil, nil, errors.WithStack(err)
	}
	if rest := bytes.TrimRight(header[decoder.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return nil, nil, errors.Errorf("%d bytes follow the JSON object", len(rest))
	}
	if len(metadata) == 0 {
		metadata = nil
	}
	return entries, metadata, nil
}

func appendEntry(entries []entry, decoder *json.Decoder, name string) ([]entry, error) {
	e := entry{name: name}
	if err := decoder.Decode(&e); err != nil {
		return nil, err
	}
	if e.Shape == nil || len(e.Offsets) != 2 {
		return nil, errors.New("it needs a dtype, a shape and two data_offsets")
	}
	return append(entries, e), nil
}

// tensor cuts the entry's bytes out of the data. They must begin where the last tensor's ended.
func (e entry) tensor(body []byte, lastEnd int64) (Tensor, error) {
	size, err := byteSize(e.DType, e.Shape)
	if err != nil {
		return Tensor{}, err
	}
	begin, end := e.Offsets[0], e.Offsets[1]
	if begin != lastEnd || end < begin {
		return Tensor{}, errors.Errorf("its data are bytes %d to %d, but the tensor before it ends at %d", begin, end, lastEnd)
	}
	if end-begin != int64(size) {
		return Tensor{}, errors.Errorf("%s of shape %v has %d bytes, its data_offsets say %d", e.DType, e.Shape, size, end-begin)
	}
	if end > int64(len(body)) {
		return Tensor{}, errors.Wrapf(ErrTruncated, "it needs the data's bytes %d to %d, there are %d", begin, end, len(body))
	}
	return Tensor{Name: e.name, DType: e.DType, Shape: e.Shape, Data: body[begin:end:end]}, nil
}

func encodeSafetensors(w io.Writer, f *File) error {
	header := safetensorsHeader(f)
	if len(header) > maxHeaderSize {
		return errors.Errorf("safetensors: a header of %d bytes, more than the format's %d", len(header), maxHeaderSize)
	}
	parts := [][]byte{binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header}
	for _, t := range f.Tensors {
		parts = append(parts, t.Data)
	}
	for _, part := range parts {
		if _, err := w.Write(part); err != nil {
			return errors.WithStack(err)
		}
	}
	return nil
}

// safetensorsHeader lists metadata (keys sorted) and tensors (in their order), padded to a multiple of 8 bytes.
func safetensorsHeader(f *File) []byte {
	var fields []string
	if len(f.Metadata) > 0 {
		fields = append(fields, toJSON(metadataKey)+":"+toJSON(f.Metadata))
	}
	offset := int64(0)
	for _, t := range f.Tensors {
		end := offset + int64(len(t.Data))
		e := entry{DType: t.DType, Shape: append([]int{}, t.Shape...), Offsets: []int64{offset, end}}
		fields = append(fields, toJSON(t.Name)+":"+toJSON(e))
		offset = end
	}
	header := []byte("{" + strings.Join(fields, ",") + "}")
	for len(header)%8 != 0 {
		header = append(header, ' ')
	}
	return header
}

// toJSON writes a value that always has a JSON form; maps with their keys sorted.
func toJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}
