package jpeg

// natural is where the k-th coefficient of a file stands in a block; T.81, figure A.6. A damaged file may count up to 15 too far.
var natural = [64 + 16]uint8{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
	63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63,
}

// Factors of the transform in 1/8192 (constBits), as in jidctint.c.
const (
	constBits = 13
	pass1Bits = 2 // more precision between the passes

	fix0298 = 2446  // 0.298631336
	fix0390 = 3196  // 0.390180644
	fix0541 = 4433  // 0.541196100
	fix0765 = 6270  // 0.765366865
	fix0899 = 7373  // 0.899976223
	fix1175 = 9633  // 1.175875602
	fix1501 = 12299 // 1.501321110
	fix1847 = 15137 // 1.847759065
	fix1961 = 16069 // 1.961570560
	fix2053 = 16819 // 2.053119869
	fix2562 = 20995 // 2.562915447
	fix3072 = 25172 // 3.072711026
)

// inverse writes the 8x8 samples of a block to rows of dst: the inverse cosine transform of Loeffler, Ligtenberg and Moschytz with 11 multiplications
// (ICASSP 1989), with the roundings of libjpeg's jpeg_idct_islow.
func inverse(coefficients *block, quantization *[64]uint16, dst []uint8, stride int) {
	var work [64]int32
	for x := range 8 {
		column((*[57]int16)(coefficients[x:]), (*[57]uint16)(quantization[x:]), (*[57]int32)(work[x:]))
	}
	for y := range 8 {
		writeRow((*[8]int32)(work[8*y:]), dst[y*stride:y*stride+8])
	}
}

// column transforms every eighth of the dequantized coefficients.
func column(c *[57]int16, q *[57]uint16, work *[57]int32) {
	const shift, half = constBits - pass1Bits, 1 << (constBits - pass1Bits - 1)
	dc := int32(c[0]) * int32(q[0])
	if c[8]|c[16]|c[24]|c[32]|c[40]|c[48]|c[56] == 0 {
		for y := 0; y < 57; y += 8 {
			work[y] = dc << pass1Bits
		}
		return
	}
	r0, r1, r2, r3, r4, r5, r6, r7 := transform(dc, int32(c[8])*int32(q[8]), int32(c[16])*int32(q[16]), int32(c[24])*int32(q[24]),
		int32(c[32])*int32(q[32]), int32(c[40])*int32(q[40]), int32(c[48])*int32(q[48]), int32(c[56])*int32(q[56]))
	work[0], work[8], work[16], work[24] = (r0+half)>>shift, (r1+half)>>shift, (r2+half)>>shift, (r3+half)>>shift
	work[32], work[40], work[48], work[56] = (r4+half)>>shift, (r5+half)>>shift, (r6+half)>>shift, (r7+half)>>shift
}

// writeRow transforms a row and rounds it to levels.
func writeRow(v *[8]int32, dst []uint8) {
	const shift = constBits + pass1Bits + 3
	const middle = 128<<shift + 1<<(shift-1)
	out := (*[8]uint8)(dst)
	if v[1]|v[2]|v[3]|v[4]|v[5]|v[6]|v[7] == 0 {
		level := clip((v[0]<<constBits + middle) >> shift)
		*out = [8]uint8{level, level, level, level, level, level, level, level}
		return
	}
	r0, r1, r2, r3, r4, r5, r6, r7 := transform(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7])
	out[0], out[1], out[2], out[3] = clip((r0+middle)>>shift), clip((r1+middle)>>shift), clip((r2+middle)>>shift), clip((r3+middle)>>shift)
	out[4], out[5], out[6], out[7] = clip((r4+middle)>>shift), clip((r5+middle)>>shift), clip((r6+middle)>>shift), clip((r7+middle)>>shift)
}

// clip brings a level into 0…255.
func clip(level int32) uint8 {
	if uint32(level) > 255 {
		return uint8(^level >> 31) // 0 if negative, else 255
	}
	return uint8(level)
}

// transform is the inverse transform of 8 values; results are times 8192.
func transform(v0, v1, v2, v3, v4, v5, v6, v7 int32) (_, _, _, _, _, _, _, _ int32) {
	z := (v2 + v6) * fix0541
	even2, even3 := z-v6*fix1847, z+v2*fix0765
	even0, even1 := (v0+v4)<<constBits, (v0-v4)<<constBits
	e0, e3, e1, e2 := even0+even3, even0-even3, even1+even2, even1-even2

	z1, z2, z3, z4 := v7+v1, v5+v3, v7+v3, v5+v1
	z5 := (z3 + z4) * fix1175
	z1, z2 = -z1*fix0899, -z2*fix2562
	z3, z4 = z5-z3*fix1961, z5-z4*fix0390
	o0 := v7*fix0298 + z1 + z3
	o1 := v5*fix2053 + z2 + z4
	o2 := v3*fix3072 + z2 + z3
	o3 := v1*fix1501 + z1 + z4

	return e0 + o3, e1 + o2, e2 + o1, e3 + o0, e3 - o0, e2 - o1, e1 - o2, e0 - o3
}
