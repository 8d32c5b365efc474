package jpeg

import "github.com/pkg/errors"

// lookupBits is the length of codes that are decoded in one step; most are not longer.
const lookupBits = 9

// huffman is a code table. Codes of length n are those up to last[n], and belong to values from offset[n]+code on.
type huffman struct {
	lookup [1 << lookupBits]uint16 // by the next bits: value<<8 | length; 0 where the code is longer
	last   [18]int32               // -1: no code of that length; the 17th stops every search
	offset [17]int32
	values [256]uint8
}

// readHuffman reads tables, each of 16 numbers of codes and their values; T.81, annex C.
func (d *decoder) readHuffman(content []byte) error {
	for len(content) > 0 {
		if len(content) < 17 {
			return errors.New("JPEG: Huffman table too short")
		}
		class, id := content[0]>>4, content[0]&15
		if class > 1 || id > 3 {
			return errors.Errorf("JPEG: Huffman table of class %d, number %d", class, id)
		}
		total := 0
		for _, n := range content[1:17] {
			total += int(n)
		}
		if total > 256 || len(content) < 17+total {
			return errors.Errorf("JPEG: Huffman table of %d codes in %d bytes", total, len(content))
		}
		table, err := newHuffman(content[1:17], content[17:17+total])
		if err != nil {
			return err
		}
		tables := &d.dc
		if class == 1 {
			tables = &d.ac
		}
		tables[id] = table
		content = content[17+total:]
	}
	return nil
}

func newHuffman(counts, values []byte) (*huffman, error) {
	h := &huffman{}
	copy(h.values[:], values)
	code, next := int32(0), int32(0)
	for n := 1; n <= 16; n++ {
		h.offset[n], h.last[n] = next-code, -1
		for range counts[n-1] {
			if code >= 1<<n {
				return nil, errors.New("JPEG: Huffman table with more codes than there are")
			}
			if n <= lookupBits {
				h.fill(code, n, h.values[next])
			}
			h.last[n] = code
			code++
			next++
		}
		code <<= 1
	}
	h.last[17] = 1<<31 - 1
	return h, nil
}

// fill sets the value of all continuations of a short code.
func (h *huffman) fill(code int32, length int, value uint8) {
	spare := lookupBits - length
	for k := range int32(1) << spare {
		h.lookup[code<<spare|k] = uint16(value)<<8 | uint16(length)
	}
}

// value decodes the next value; refill has been called before. Bits that are no code count as a 16-bit code for 0, as in libjpeg.
func (b *bits) value(h *huffman) uint8 {
	if entry := h.lookup[b.window>>(64-lookupBits)]; entry != 0 {
		b.drop(uint(entry & 255))
		return uint8(entry >> 8)
	}
	return b.longValue(h)
}

func (b *bits) longValue(h *huffman) uint8 {
	n := lookupBits + 1
	for int32(b.window>>(64-n)) > h.last[n] {
		n++
	}
	code := int32(b.window >> (64 - n))
	b.drop(uint(n))
	if n > 16 {
		return 0
	}
	return h.values[uint8(code+h.offset[n])]
}
