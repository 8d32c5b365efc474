package raster

// The loops in which resizing spends its time. Filters of two and three weights, which are those of enlarging and of training's crops of pictures of about
// the network's size, have loops of their own: BenchmarkTrainingCrop takes twice as long without.

const half = 1 << (precision - 1)

// mixPixels fills a row of RGB with the outputs of the axis.
func (a *axis) mixPixels(out, in []uint8) {
	for x := range a.first {
		first, w := a.at(x)
		p := in[3*first : 3*first+3*len(w)]
		red, green, blue := int32(half), int32(half), int32(half)
		switch {
		case len(w) == 2 && len(p) == 6:
			red += w[0]*int32(p[0]) + w[1]*int32(p[3])
			green += w[0]*int32(p[1]) + w[1]*int32(p[4])
			blue += w[0]*int32(p[2]) + w[1]*int32(p[5])
		case len(w) == 3 && len(p) == 9:
			red += w[0]*int32(p[0]) + w[1]*int32(p[3]) + w[2]*int32(p[6])
			green += w[0]*int32(p[1]) + w[1]*int32(p[4]) + w[2]*int32(p[7])
			blue += w[0]*int32(p[2]) + w[1]*int32(p[5]) + w[2]*int32(p[8])
		default:
			for _, w := range w {
				red += w * int32(p[0])
				green += w * int32(p[1])
				blue += w * int32(p[2])
				p = p[3:]
			}
		}
		o := out[3*x : 3*x+3 : 3*x+3]
		o[0], o[1], o[2] = clip(red>>precision), clip(green>>precision), clip(blue>>precision)
	}
}

// mixRows fills out with the weighted sum of rows of its length.
func mixRows(out, rows []uint8, w []int32) {
	n := len(out)
	switch len(w) {
	case 2:
		a, b := rows[:n], rows[n:2*n]
		for i := range out {
			out[i] = clip((half + w[0]*int32(a[i]) + w[1]*int32(b[i])) >> precision)
		}
	case 3:
		a, b, c := rows[:n], rows[n:2*n], rows[2*n:3*n]
		for i := range out {
			out[i] = clip((half + w[0]*int32(a[i]) + w[1]*int32(b[i]) + w[2]*int32(c[i])) >> precision)
		}
	default:
		for i := range out {
			sum := int32(half)
			for k, w := range w {
				sum += w * int32(rows[k*n+i])
			}
			out[i] = clip(sum >> precision)
		}
	}
}
