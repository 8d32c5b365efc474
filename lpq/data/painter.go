package data

// paint draws one picture of a figure into dst, [32,32,3]: background, strokes, the figure, strokes, noise, exposure.
func (o SyntheticOptions) paint(f figure, random *stream, dst []uint8) {
	contrast := logUniform(random, o.MinContrast*level, o.MaxContrast*level)
	ground := randomColour(random, 64*level, 192*level)
	ink := ground.plus(direction(random), contrast, directionLength)

	var c canvas
	c.fill(ground, contrast, random)
	c.scribble(random, random.between(0, o.Clutter), ground, contrast)
	c.draw(f, random, o.MinRadius, o.MaxRadius, ink, contrast)
	c.scribble(random, random.between(0, o.Clutter), ground, contrast)
	c.expose(random, o.Noise, ground, dst)
}

// fill paints the background: a colour with a gradient across the picture and a smooth texture.
func (c *canvas) fill(ground colour, contrast int, random *stream) {
	slope, tint := direction(random), direction(random)
	rise, across := random.between(-256, 256), random.between(-256, 256)
	noise := newTexture(random)
	for i := range c {
		x, y := centre(i)
		ramp := (x*rise + y*across) / (canvasSide * pixel) // up to 512
		c[i] = ground.plus(slope, contrast*ramp/1024, directionLength).plus(tint, contrast*noise.at(x, y)/512, directionLength)
	}
}

// scribble paints n strokes anywhere, each thinner than any part of a figure and as far from the background's colour as the figure is.
func (c *canvas) scribble(random *stream, n int, ground colour, contrast int) {
	const side = canvasSide * pixel
	for range n {
		paint := ground.plus(direction(random), contrast, directionLength)
		c.stroke(random.below(side), random.below(side), random.below(side), random.below(side), random.between(pixel/3, pixel*3/4), paint)
	}
}

// draw paints the figure that gives the picture its class, turned by a random angle. It lies inside the picture's frame, but for the
// tips of stars, triangles and rhombi.
func (c *canvas) draw(f figure, random *stream, minRadius, maxRadius int, ink colour, contrast int) {
	radius := random.between(minRadius*pixel, maxRadius*pixel)
	margin := min(radius*5/4, canvasSide*pixel/2)
	x0, y0 := random.between(margin, canvasSide*pixel-margin), random.between(margin, canvasSide*pixel-margin)
	cos, sin := randomTurn(random)
	variant := random.below(256)
	tint, noise := direction(random), newTexture(random)
	for i := range c {
		x, y := centre(i)
		dx, dy := x-x0, y-y0
		cover := coverage(f.distance((dx*cos+dy*sin)/turnUnit, (dy*cos-dx*sin)/turnUnit, radius, variant))
		if cover > 0 {
			c.blend(i, ink.plus(tint, contrast*noise.at(x, y)/1024, directionLength), cover)
		}
	}
}

// expose adds noise to the picture and then stretches or squeezes it about the background's colour, moved to anywhere: some
// pictures come out faint or dark, others saturated.
func (c *canvas) expose(random *stream, noise int, ground colour, dst []uint8) {
	const unit = 256
	gain := logUniform(random, unit/4, unit*3/2)
	shift := random.between(-48*level, 48*level)
	for i := range c {
		for k, value := range c[i] {
			value += gaussian(random) * noise * level / 4
			value = (value-128*level)*gain/unit + 128*level + shift
			dst[3*i+k] = uint8(clamp((value+level/2)/level, 0, 255))
		}
	}
}

// logUniform is distributed as exp of something uniform, between lo and hi: lo * (hi/lo)^u. It gets by without powers by
// drawing from the density 1/x: uniform candidates, each kept with probability lo/x.
func logUniform(random *stream, lo, hi int) int {
	for {
		if x := random.between(lo, hi); random.below(x) < lo {
			return x
		}
	}
}

func randomColour(random *stream, lo, hi int) colour {
	return colour{random.between(lo, hi), random.between(lo, hi), random.between(lo, hi)}
}

// directionLength is the root mean square of the three channels of a direction.
const directionLength = 1024

// direction is a random change of colour of a fixed size: mostly lighter or darker, as the parts of photographs differ, and
// somewhat redder, greener or bluer too.
func direction(random *stream) colour {
	d := randomColour(random, -directionLength, directionLength)
	light := directionLength
	if random.oneIn(2) {
		light = -light
	}
	for k := range d {
		d[k] += light
	}
	length := norm(norm(d[0], d[1]), d[2]) * 148 / 256 // 148/256: 1/sqrt(3)
	return colour{}.plus(d, directionLength, max(1, length))
}

// turnUnit is the length of what randomTurn returns.
const turnUnit = 1 << 14

// randomTurn is the cosine and sine of a random angle: t = tan(angle/2) gives (1-t², 2t)/(1+t²), here for angles up to 45 degrees,
// and a random number of quarter turns the others. The density varies by 1 : 0.85.
func randomTurn(random *stream) (cos, sin int) {
	const tan = turnUnit * 4142 / 10000 // tan(22.5 degrees)
	t := random.between(-tan, tan)
	square := t * t / turnUnit
	cos, sin = (turnUnit-square)*turnUnit/(turnUnit+square), 2*t*turnUnit/(turnUnit+square)
	for range random.below(4) {
		cos, sin = -sin, cos
	}
	return cos, sin
}
