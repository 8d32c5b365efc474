package quant

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	. "github.com/gomlx/gomlx/support/exceptions"
)

// FakeQuantize rounds x to a grid and returns the de-quantized values, in x's shape.
//
//	x         any shape, float32
//	exponent  [] or broadcastable to x, int32
//
// y = 2^e * clip(round(x * 2^-e), Min, Max), round half to even. It is exact: no Exp, no Log, no division.
// Gradient: 1 where x lies in the representable range, bounds included, 0 elsewhere (clipped straight-through
// estimator [1]); none to exponent.
// Special cases: NaN gives NaN, ±Inf saturates.
// It panics if x is not float32, exponent is not int32, or bits is out of range.
//
// [1] Bengio et al., Estimating or Propagating Gradients Through Stochastic Neurons, arXiv:1308.3432.
func FakeQuantize(x *Node, bits int, signed bool, exponent *Node) *Node {
	checkOperands("FakeQuantize", x, bits, exponent)
	step := Exp2(exponent)
	lo, hi := codeRange(bits, signed)
	q := Mul(roundClip(x, bits, signed, exponent), step)
	inside := LogicalAnd(
		GreaterOrEqual(x, MulScalar(step, lo)),
		LessOrEqual(x, MulScalar(step, hi)))
	return straightThrough(x, q, inside)
}

// FakeQuantizeWeight is FakeQuantize for weights: signed, and the gradient passes everywhere.
//
// NaN gives NaN, and so does ±Inf: a weight that is not finite must not hide behind a saturated code.
func FakeQuantizeWeight(w *Node, bits int, exponent *Node) *Node {
	checkOperands("FakeQuantizeWeight", w, bits, exponent)
	q := Mul(roundClip(w, bits, Signed, exponent), Exp2(exponent))
	return Add(StopGradient(q), Sub(w, StopGradient(w))) // w - w is exactly 0, or NaN
}

// Codes returns the integer codes of x, int32, in x's shape: clip(round(x * 2^-e), Min, Max). No gradient. NaN has no code;
// what a backend makes of it is not defined.
func Codes(x *Node, bits int, signed bool, exponent *Node) *Node {
	checkOperands("Codes", x, bits, exponent)
	return ConvertDType(roundClip(x, bits, signed, exponent), dtypes.Int32)
}

// roundClip is clip(round(x * 2^-e), Min, Max), as float, without gradient.
func roundClip(x *Node, bits int, signed bool, exponent *Node) *Node {
	lo, hi := codeRange(bits, signed)
	return ClipScalar(Round(Mul(StopGradient(x), Exp2(Neg(exponent)))), float64(lo), float64(hi))
}

// straightThrough has the value q, bit for bit, and passes to x the gradient where mask is true.
//
// Adding x - x is exact only for finite x, and is NaN otherwise; the mask must be false there.
func straightThrough(x, q, mask *Node) *Node {
	q = StopGradient(q)
	return Where(mask, Add(q, Sub(x, StopGradient(x))), q)
}

// ReLU is max(x, 0) with gradient 1 where x > 0 and 0 elsewhere; NaN stays NaN.
//
// The plain form, Max(x, 0), makes a whole fp32 training step 1.2 times slower on XLA's CPU backend, which then computes it
// again inside each of its consumers; this one has the same values.
func ReLU(x *Node) *Node {
	return Where(GreaterThan(x, ScalarZero(x.Graph(), x.DType())), x, MaxScalar(StopGradient(x), 0))
}

// Exp2 returns 2^l as float32 for integers l, exactly: the bits of the number are written, nothing is computed.
// l is held within MinExponent..MaxExponent.
func Exp2(l *Node) *Node {
	if l.DType() != dtypes.Int32 {
		Panicf("quant.Exp2: got exponents of %s, want int32", l.DType())
	}
	const mantissaBits, bias = 23, 127 // IEEE 754 binary32
	l = MinScalar(MaxScalar(l, MinExponent), MaxExponent)
	return Bitcast(BitwiseShiftLeftScalar(AddScalar(l, bias), mantissaBits), dtypes.Float32)
}

// RangeExponent is ExponentForRange in a graph: limit >= 0, float32, any shape -> int32 of that shape.
//
// A zero, denormal or infinite limit, and NaN, give some exponent within the limits; a value that is not finite shows in the
// quantized tensor, not here.
func RangeExponent(limit *Node, bits int, signed bool) *Node {
	if limit.DType() != dtypes.Float32 {
		Panicf("quant.RangeExponent: got a range of %s, want float32", limit.DType())
	}
	const mantissaBits, bias = 23, 127
	word := Bitcast(StopGradient(limit), dtypes.Int32)
	exponent := AddScalar(BitwiseShiftRightArithmeticScalar(word, mantissaBits), -bias)
	mantissa := BitwiseAnd(word, Scalar(word.Graph(), dtypes.Int32, 1<<mantissaBits-1))
	zero := ScalarZero(word.Graph(), dtypes.Int32)
	ceil := Add(exponent, ConvertDType(NotEqual(mantissa, zero), dtypes.Int32))
	ceil = Where(Equal(word, zero), ZerosLike(ceil), ceil) // as range 1, like ExponentForRange
	return MinScalar(MaxScalar(AddScalar(ceil, -magnitudeBits(bits, signed)), MinExponent), MaxExponent)
}

// WeightExponent returns the exponent of weights w by a rule, recomputed from the values wherever the graph runs.
//
//	w       [..., out], float32
//	result  [] per tensor, [1, ..., out] per channel, int32
//
// There is no gradient to w through it.
func WeightExponent(w *Node, bits int, rule Rule, granularity Granularity) *Node {
	w = StopGradient(w)
	var axes []int
	for axis := range w.Rank() {
		if granularity != PerChannel || axis < w.Rank()-1 {
			axes = append(axes, axis)
		}
	}
	reduce := func(x *Node, f func(*Node, ...int) *Node) *Node {
		if granularity == PerChannel {
			return ReduceAndKeep(x, f, axes...)
		}
		return f(x, axes...)
	}
	l := RangeExponent(reduce(Abs(w), ReduceMax), bits, Signed)
	if rule != RuleMSE {
		return l
	}
	errorAt := func(l *Node) *Node {
		d := Sub(w, Mul(roundClip(w, bits, Signed, l), Exp2(l)))
		return reduce(Square(d), ReduceSum)
	}
	best, bestError := l, errorAt(l)
	for i := 1; i < mseCandidates; i++ {
		candidate := AddScalar(l, -i)
		e := errorAt(candidate)
		better := LessThan(e, bestError)
		best, bestError = Where(better, candidate, best), Where(better, e, bestError)
	}
	return best
}

func checkOperands(name string, x *Node, bits int, exponent *Node) {
	if err := checkBits(bits); err != nil {
		Panicf("quant.%s: %v", name, err)
	}
	if x.DType() != dtypes.Float32 {
		Panicf("quant.%s: got values of %s, want float32", name, x.DType())
	}
	if exponent.DType() != dtypes.Int32 {
		Panicf("quant.%s: got exponents of %s, want int32", name, exponent.DType())
	}
}
