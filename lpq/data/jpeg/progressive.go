package jpeg

// firstDC decodes the first bits of a block's DC; T.81, section G.1.2.1.
func (s *scan) firstDC(p *part, b *block) {
	r := &s.bits
	r.refill()
	p.predictor += r.signed(uint(r.value(p.dc) & 15))
	b[0] = int16(p.predictor << s.low)
}

// nextDC decodes one more bit of a block's DC.
func (s *scan) nextDC(_ *part, b *block) {
	s.bits.refill()
	b[0] |= int16(s.bits.take(1) << s.low)
}

// firstAC decodes the first bits of a band of coefficients; T.81, section G.1.2.2.
func (s *scan) firstAC(p *part, b *block) {
	if s.endOfBlocks > 0 {
		s.endOfBlocks--
		return
	}
	r := &s.bits
	for k := s.start; k <= s.end; k++ {
		r.refill()
		value := r.value(p.ac)
		run, size := int(value>>4), uint(value&15)
		switch {
		case size > 0:
			k += run
			b[natural[k]] = int16(r.signed(size) << s.low)
		case run == 15:
			k += 15
		default:
			s.endOfBlocks = 1<<run + int(r.take(uint(run))) - 1 // this block is one of them
			return
		}
	}
}

// nextAC decodes one more bit of a band of coefficients; T.81, section G.1.2.3.
func (s *scan) nextAC(p *part, b *block) {
	r, bit := &s.bits, int16(1)<<s.low
	k := s.start
	for ; s.endOfBlocks == 0 && k <= s.end; k++ {
		r.refill()
		value := r.value(p.ac)
		run, size := int(value>>4), value&15
		fresh := int16(0)
		switch {
		case size > 0: // always 1 in a file without damage
			fresh = -bit
			if r.take(1) > 0 {
				fresh = bit
			}
		case run != 15:
			s.endOfBlocks = 1<<run + int(r.take(uint(run)))
		}
		if s.endOfBlocks > 0 {
			break
		}
		k = s.refine(b, k, run, bit)
		if fresh != 0 && k <= s.end {
			b[natural[k]] = fresh
		}
	}
	if s.endOfBlocks > 0 {
		s.refine(b, k, -1, bit)
		s.endOfBlocks--
	}
}

// refine reads a bit for every coefficient that is not zero, from k on, until it has passed the given number of zeros and stands on the next;
// a negative number never ends it before the band does. It returns where it stands.
func (s *scan) refine(b *block, k, zeros int, bit int16) int {
	r := &s.bits
	for ; k <= s.end; k++ {
		c := &b[natural[k]]
		if *c == 0 {
			if zeros == 0 {
				return k
			}
			zeros--
			continue
		}
		r.refill()
		if r.take(1) == 0 || *c&bit != 0 {
			continue
		}
		if *c > 0 {
			*c += bit
		} else {
			*c -= bit
		}
	}
	return k
}
