package tensorboard

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"

	"github.com/pkg/errors"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum is TFRecord's masked CRC-32C: rotated and shifted, so that records within records have other sums.
func checksum(data []byte) uint32 {
	sum := crc32.Checksum(data, castagnoli)
	return (sum>>15 | sum<<17) + 0xa282ead8
}

// frame is a record: length (8 bytes, little-endian), its checksum, data, their checksum.
func frame(data []byte) []byte {
	record := binary.LittleEndian.AppendUint64(make([]byte, 0, len(data)+16), uint64(len(data)))
	record = binary.LittleEndian.AppendUint32(record, checksum(record))
	record = append(record, data...)
	return binary.LittleEndian.AppendUint32(record, checksum(data))
}

// maxRecord bounds what a length in a file can cost; an event of scalars has some hundred bytes.
const maxRecord = 1 << 24

// readRecord returns the data of the next record, or io.EOF at the end. A record that is cut, as of a writer that was killed, gives
// io.ErrUnexpectedEOF in the chain.
func readRecord(r io.Reader) ([]byte, error) {
	head := make([]byte, 12)
	if _, err := io.ReadFull(r, head); err != nil {
		if err == io.EOF {
			return nil, err
		}
		return nil, errors.Wrap(err, "head of a record")
	}
	size := binary.LittleEndian.Uint64(head)
	if checksum(head[:8]) != binary.LittleEndian.Uint32(head[8:]) || size > maxRecord {
		return nil, errors.New("the length of a record is damaged")
	}
	var body bytes.Buffer // grows with what is there, whatever the length says
	if n, err := io.CopyN(&body, r, int64(size)+4); err != nil {
		return nil, errors.Wrapf(io.ErrUnexpectedEOF, "record of %d bytes after %d", size, n)
	}
	data, sum := body.Bytes()[:size], body.Bytes()[size:]
	if checksum(data) != binary.LittleEndian.Uint32(sum) {
		return nil, errors.New("a record is damaged: its checksum is another one")
	}
	return data, nil
}
