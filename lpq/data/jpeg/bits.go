package jpeg

import (
	"bytes"
	"encoding/binary"
)

// bits reads the compressed data between two restarts, which have no stuffed bytes any more. After their end come zeros.
type bits struct {
	data   []byte
	at     int    // next byte to go into window; beyond the data when zeros were taken
	window uint64 // next bits, the first of them highest
	n      uint   // bits in window that count
}

// refill makes sure that 48 bits can be taken.
func (b *bits) refill() {
	if b.n >= 48 {
		return
	}
	if b.at+8 <= len(b.data) {
		b.window |= binary.BigEndian.Uint64(b.data[b.at:]) >> b.n
		taken := (64 - b.n) / 8
		b.at += int(taken)
		b.n += 8 * taken
		b.window &= ^uint64(0) << (64 - b.n) // what counts and no more
		return
	}
	for b.n <= 56 {
		if b.at < len(b.data) {
			b.window |= uint64(b.data[b.at]) << (56 - b.n)
		}
		b.at++
		b.n += 8
	}
}

func (b *bits) drop(n uint) {
	b.window <<= n
	b.n -= n
}

// take returns the next n bits, 0 to 16, as a number.
func (b *bits) take(n uint) int32 {
	value := int32(b.window >> 1 >> (63 - n))
	b.drop(n)
	return value
}

// signed returns the next n bits as a number of that magnitude category; T.81, table F.1.
func (b *bits) signed(n uint) int32 {
	value := b.take(n)
	if n > 0 && value < 1<<(n-1) {
		value -= 1<<n - 1
	}
	return value
}

// exhausted reports whether more bits were taken than there were.
func (b *bits) exhausted() bool { return 8*b.at-int(b.n) > 8*len(b.data) }

// nextSegment takes the compressed data up to the next marker, without stuffing; the marker stays.
func (d *decoder) nextSegment() error {
	d.segment = d.segment[:0]
	for {
		skip := bytes.IndexByte(d.file[d.at:], 0xff)
		if skip < 0 || d.at+skip+1 >= len(d.file) {
			return ErrTruncated
		}
		d.segment = append(d.segment, d.file[d.at:d.at+skip]...)
		d.at += skip
		switch d.file[d.at+1] {
		case 0:
			d.segment = append(d.segment, 0xff)
			d.at += 2
		case 0xff: // a fill byte
			d.at++
		default:
			return nil
		}
	}
}

// skipRestart passes over a restart marker and reports whether there was one.
func (d *decoder) skipRestart() bool {
	if marker := d.file[d.at+1]; marker < markerRST0 || marker > markerRST7 {
		return false
	}
	d.at += 2
	return true
}
