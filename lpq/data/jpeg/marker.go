package jpeg

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/pkg/errors"
)

// Markers, T.81 table B.1.
const (
	markerSOF0, markerSOF1, markerSOF2 = 0xc0, 0xc1, 0xc2
	markerDHT, markerJPG, markerDAC    = 0xc4, 0xc8, 0xcc
	markerSOF15                        = 0xcf
	markerRST0, markerRST7             = 0xd0, 0xd7
	markerSOI, markerEOI               = 0xd8, 0xd9
	markerSOS, markerDQT, markerDRI    = 0xda, 0xdb, 0xdd
	markerAPP0, markerAPP14            = 0xe0, 0xee
	markerTEM                          = 0x01
)

// maxScans keeps a small file from costing much time; the usual progressive file has 10 scans.
const maxScans = 100

// ErrTruncated is in the chain of the error for a file that ends too early.
var ErrTruncated = errors.New("the file is cut short")

type decoder struct {
	file          []byte
	at            int // next byte
	maxPixels     int
	width, height int
	progressive   bool
	components    []component
	maxH, maxV    int // largest sampling factors
	mcusAcross    int
	mcusDown      int
	interval      int // MCUs between restarts; 0: no restarts
	scans         int
	jfif, adobe   bool
	transform     uint8 // Adobe's
	quantization  [4]*[64]uint16
	dc, ac        [4]*huffman
	segment       []byte // of the scan, as read by bits
}

// Decode decodes a file of at most that many pixels. Damage inside of the compressed data is passed over as libjpeg does, with what can be read of it.
//
// It returns an error, ErrTruncated among them, for a file that ends before its end marker, has more pixels, is not well formed or of a kind
// that is not supported.
func Decode(file []byte, maxPixels int) (*Image, error) {
	d := &decoder{file: file, maxPixels: maxPixels}
	if len(file) < 2 || file[0] != 0xff || file[1] != markerSOI {
		return nil, errors.New("not a JPEG: it does not begin with a start marker")
	}
	d.at = 2
	for {
		marker, err := d.nextMarker()
		if err != nil {
			return nil, err
		}
		if marker == markerEOI {
			break
		}
		if err := d.process(marker); err != nil {
			return nil, err
		}
	}
	if d.scans == 0 {
		return nil, errors.New("JPEG: no scan")
	}
	return d.finish()
}

// nextMarker passes over bytes that belong to none, and over the restarts among them.
func (d *decoder) nextMarker() (uint8, error) {
	for {
		skip := bytes.IndexByte(d.file[d.at:], 0xff)
		if skip < 0 || d.at+skip+1 >= len(d.file) {
			return 0, errors.WithMessage(ErrTruncated, "JPEG: no end marker")
		}
		d.at += skip + 1
		marker := d.file[d.at]
		if marker == 0 || marker == 0xff || marker == markerTEM || marker >= markerRST0 && marker <= markerRST7 {
			continue
		}
		d.at++
		return marker, nil
	}
}

// process reads the content of a marker.
func (d *decoder) process(marker uint8) error {
	if marker == markerSOI {
		return errors.New("JPEG: a second start marker")
	}
	content, err := d.content()
	if err != nil {
		return err
	}
	switch {
	case marker == markerDQT:
		return d.readQuantization(content)
	case marker == markerDHT:
		return d.readHuffman(content)
	case marker == markerSOF0, marker == markerSOF1, marker == markerSOF2:
		d.progressive = marker == markerSOF2
		return d.readFrame(content)
	case marker > markerSOF2 && marker <= markerSOF15 && marker != markerJPG && marker != markerDAC:
		return errors.Errorf("JPEG of kind SOF%d: only Huffman-coded sequential and progressive files are supported", marker-markerSOF0)
	case marker == markerDRI && len(content) >= 2:
		d.interval = int(binary.BigEndian.Uint16(content))
	case marker == markerSOS:
		return d.readScan(content)
	case marker == markerAPP0 && len(content) >= 5 && bytes.HasPrefix(content, []byte("JFIF\x00")):
		d.jfif = true
	case marker == markerAPP14 && len(content) >= 12 && bytes.HasPrefix(content, []byte("Adobe")):
		d.adobe, d.transform = true, content[11]
	}
	return nil
}

// content takes the bytes that belong to the marker just read.
func (d *decoder) content() ([]byte, error) {
	if d.at+2 > len(d.file) {
		return nil, errors.WithMessage(ErrTruncated, "JPEG")
	}
	size := int(binary.BigEndian.Uint16(d.file[d.at:]))
	if size < 2 {
		return nil, errors.Errorf("JPEG: marker of %d bytes at byte %d", size, d.at)
	}
	if d.at+size > len(d.file) {
		return nil, errors.WithMessage(ErrTruncated, "JPEG")
	}
	content := d.file[d.at+2 : d.at+size]
	d.at += size
	return content, nil
}

// readQuantization reads tables of 8 or 16 bits.
func (d *decoder) readQuantization(content []byte) error {
	for len(content) > 0 {
		kind, id := content[0]>>4, content[0]&15
		content = content[1:]
		bytesEach := 1 + int(kind)
		if kind > 1 || id > 3 || len(content) < 64*bytesEach {
			return errors.New("JPEG: bad quantization table")
		}
		var table [64]uint16
		for k := range 64 {
			if kind == 0 {
				table[natural[k]] = uint16(content[k])
			} else {
				table[natural[k]] = binary.BigEndian.Uint16(content[2*k:])
			}
		}
		d.quantization[id] = &table
		content = content[64*bytesEach:]
	}
	return nil
}

// readFrame reads size and components.
func (d *decoder) readFrame(content []byte) error {
	if d.components != nil {
		return errors.New("JPEG: a second frame")
	}
	if len(content) < 6 || len(content) < 6+3*int(content[5]) {
		return errors.New("JPEG: frame header too short")
	}
	d.height, d.width = int(binary.BigEndian.Uint16(content[1:])), int(binary.BigEndian.Uint16(content[3:]))
	count := int(content[5])
	switch {
	case content[0] != 8:
		return errors.Errorf("JPEG of %d bits, want 8", content[0])
	case d.width == 0 || d.height == 0 || d.width > d.maxPixels/d.height:
		return errors.Errorf("JPEG of %dx%d, want 1 to %d pixels", d.width, d.height, d.maxPixels)
	case count != 1 && count != 3 && count != 4:
		return errors.Errorf("JPEG of %d components, want 1, 3 or 4", count)
	}
	for i := range count {
		c := content[6+3*i:]
		next := component{id: c[0], h: int(c[1] >> 4), v: int(c[1] & 15), table: c[2]}
		if next.h < 1 || next.h > 4 || next.v < 1 || next.v > 4 || next.table > 3 {
			return errors.Errorf("JPEG: component %d has sampling factors %dx%d and quantization table %d", i, next.h, next.v, next.table)
		}
		if slices.ContainsFunc(d.components, func(other component) bool { return other.id == next.id }) {
			return errors.Errorf("JPEG: two components %d", next.id)
		}
		d.maxH, d.maxV = max(d.maxH, next.h), max(d.maxV, next.v)
		d.components = append(d.components, next)
	}
	for i, c := range d.components {
		if d.maxH%c.h != 0 || d.maxV%c.v != 0 {
			return errors.Errorf("JPEG: component %d has sampling factors %dx%d, which do not divide %dx%d", i, c.h, c.v, d.maxH, d.maxV)
		}
	}
	return d.layOut()
}
