package jpeg

import "github.com/pkg/errors"

// scan is one pass over some components.
type scan struct {
	*decoder
	bits        bits
	parts       []part
	start, end  int                              // coefficients, in the file's order
	high, low   uint                             // bits known before, and after; progressive files only
	endOfBlocks int                              // blocks to come that end at once; progressive files only
	decode      func(s *scan, p *part, b *block) // progressive files only
}

// part is a component's share of a scan.
type part struct {
	*component
	dc, ac    *huffman
	predictor int32 // DC of the block before
}

// readScan reads a scan's header and its data.
func (d *decoder) readScan(content []byte) error {
	if d.scans++; d.scans > maxScans {
		return errors.Errorf("JPEG: more than %d scans", maxScans)
	}
	s, err := d.newScan(content)
	if err != nil {
		return err
	}
	return s.run()
}

func (d *decoder) newScan(content []byte) (*scan, error) {
	if d.components == nil {
		return nil, errors.New("JPEG: a scan before the frame header")
	}
	if len(content) < 1 || int(content[0]) < 1 || int(content[0]) > 4 || len(content) < 4+2*int(content[0]) {
		return nil, errors.New("JPEG: scan header too short")
	}
	count := int(content[0])
	tail := content[1+2*count:]
	s := &scan{decoder: d, start: 0, end: 63}
	if d.progressive {
		s.start, s.end, s.high, s.low = int(tail[0]), int(tail[1]), uint(tail[2]>>4), uint(tail[2]&15)
		if err := s.chooseProgressive(count); err != nil {
			return nil, err
		}
	}
	for i := range count {
		if err := s.addPart(content[1+2*i], content[2+2*i]); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// chooseProgressive checks the coefficients and bits of a progressive scan; T.81, section G.1.1.1.
func (s *scan) chooseProgressive(components int) error {
	dc := s.start == 0
	switch {
	case s.start > s.end || s.end > 63 || dc && s.end != 0 || !dc && components != 1 || s.low > 13 || s.high != 0 && s.high != s.low+1:
		return errors.Errorf("JPEG: progressive scan of coefficients %d to %d, bits %d to %d, %d components", s.start, s.end, s.high, s.low, components)
	case dc && s.high == 0:
		s.decode = (*scan).firstDC
	case dc:
		s.decode = (*scan).nextDC
	case s.high == 0:
		s.decode = (*scan).firstAC
	default:
		s.decode = (*scan).nextAC
	}
	return nil
}

// addPart takes a component into the scan, with its tables.
func (s *scan) addPart(id, tables uint8) error {
	for i := range s.components {
		c := &s.components[i]
		if c.id != id {
			continue
		}
		for _, p := range s.parts {
			if p.component == c {
				return errors.Errorf("JPEG: component %d twice in a scan", id)
			}
		}
		p := part{component: c, dc: s.dc[tables>>4&3], ac: s.ac[tables&3]}
		if needDC, needAC := s.start == 0 && s.high == 0, s.end > 0; needDC && p.dc == nil || needAC && p.ac == nil {
			return errors.Errorf("JPEG: no Huffman table for component %d", id)
		}
		if c.quantization == nil { // later changes of the table do not count, as in libjpeg
			if c.quantization = s.quantization[c.table]; c.quantization == nil {
				return errors.Errorf("JPEG: no quantization table for component %d", id)
			}
		}
		s.parts = append(s.parts, p)
		return nil
	}
	return errors.Errorf("JPEG: scan of component %d, which the frame lacks", id)
}

// run decodes the scan's data. What is missing up to a restart, or to the end of the scan, is left out.
func (s *scan) run() error {
	across, down := s.mcusAcross, s.mcusDown
	if len(s.parts) == 1 {
		across, down = s.parts[0].across, s.parts[0].down
	}
	for mcu := 0; mcu < across*down; {
		if err := s.nextSegment(); err != nil {
			return errors.WithMessage(err, "JPEG")
		}
		s.bits, s.endOfBlocks = bits{data: s.segment}, 0
		for i := range s.parts {
			s.parts[i].predictor = 0
		}
		until := across * down
		if s.interval > 0 {
			until = min(until, mcu+s.interval)
		}
		for ; mcu < until && !s.bits.exhausted(); mcu++ {
			s.mcu(mcu%across, mcu/across)
		}
		mcu = until
		if s.interval > 0 && !s.skipRestart() {
			return nil
		}
	}
	return nil
}

// mcu decodes the blocks of one MCU: one block of a scan of one component, else as many of each component as its sampling factors say.
func (s *scan) mcu(x, y int) {
	if len(s.parts) == 1 {
		s.block(&s.parts[0], x, y)
		return
	}
	for i := range s.parts {
		p := &s.parts[i]
		for v := range p.v {
			for h := range p.h {
				s.block(p, x*p.h+h, y*p.v+v)
			}
		}
	}
}

// block decodes a block of a component into its coefficients or, in sequential files, right into samples.
func (s *scan) block(p *part, x, y int) {
	if s.progressive {
		s.decode(s, p, &p.coefficients[y*p.plane.stride/8+x])
		return
	}
	var b block
	s.sequential(p, &b)
	inverse(&b, p.quantization, p.plane.samples[8*y*p.plane.stride+8*x:], p.plane.stride)
}

// sequential decodes a whole block; T.81, section F.2.2.
func (s *scan) sequential(p *part, b *block) {
	r := &s.bits
	r.refill()
	p.predictor += r.signed(uint(r.value(p.dc) & 15))
	b[0] = int16(p.predictor)
	for k := 1; k < 64; k++ {
		r.refill()
		value := r.value(p.ac)
		run, size := int(value>>4), uint(value&15)
		if size == 0 {
			if run != 15 {
				return
			}
			k += 15
			continue
		}
		k += run
		b[natural[k]] = int16(r.signed(size))
	}
}
