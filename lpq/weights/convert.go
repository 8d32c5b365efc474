package weights

import (
	"encoding/binary"
	"math"

	"github.com/pkg/errors"
)

// Float32s returns the elements of a tensor of type F64, F32, F16 or BF16, row-major.
//
// F16 and BF16 are exact; F64 is rounded to nearest even, to ±Inf beyond float32's range. NaN stays NaN.
// It returns an error if the type is another one, or the data are not as long as the shape says.
func (t Tensor) Float32s() ([]float32, error) {
	decode, ok := map[DType]func([]byte) float32{
		F64:  func(b []byte) float32 { return float32(math.Float64frombits(binary.LittleEndian.Uint64(b))) },
		F32:  func(b []byte) float32 { return math.Float32frombits(binary.LittleEndian.Uint32(b)) },
		F16:  func(b []byte) float32 { return halfToFloat32(binary.LittleEndian.Uint16(b)) },
		BF16: func(b []byte) float32 { return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16) },
	}[t.DType]
	if !ok {
		return nil, errors.Errorf("tensor %q has element type %s, wanted a floating-point one (F64, F32, F16, BF16)", t.Name, t.DType)
	}
	return decodeAll(t, decode)
}

// Int64s returns the elements of a tensor of type I64, I32, I16, I8 or U8, row-major.
// It returns an error if the type is another one, or the data are not as long as the shape says.
func (t Tensor) Int64s() ([]int64, error) {
	decode, ok := map[DType]func([]byte) int64{
		I64: func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) },
		I32: func(b []byte) int64 { return int64(int32(binary.LittleEndian.Uint32(b))) },
		I16: func(b []byte) int64 { return int64(int16(binary.LittleEndian.Uint16(b))) },
		I8:  func(b []byte) int64 { return int64(int8(b[0])) },
		U8:  func(b []byte) int64 { return int64(b[0]) },
	}[t.DType]
	if !ok {
		return nil, errors.Errorf("tensor %q has element type %s, wanted an integer one (I64, I32, I16, I8, U8)", t.Name, t.DType)
	}
	return decodeAll(t, decode)
}

func decodeAll[T any](t Tensor, decode func([]byte) T) ([]T, error) {
	if err := t.validate(); err != nil {
		return nil, err
	}
	size := t.DType.Size()
	values := make([]T, len(t.Data)/size)
	for i := range values {
		values[i] = decode(t.Data[i*size:])
	}
	return values, nil
}

// halfToFloat32 widens an IEEE 754 binary16 number: 1 sign bit, 5 of exponent (bias 15), 10 of fraction. It is exact.
func halfToFloat32(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exponent := uint32(h>>10) & 0x1f
	fraction := uint32(h & 0x3ff)
	switch exponent {
	case 0: // Zero, or a denormal: fraction * 2^-24, a normal float32.
		magnitude := math.Float32bits(float32(fraction) * 0x1p-24)
		return math.Float32frombits(sign | magnitude)
	case 0x1f: // Inf and NaN.
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}
