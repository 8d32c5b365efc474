package weights

import (
	"encoding/binary"
	"math"

	"github.com/pkg/errors"
)

// DType names an element type as safetensors does.
type DType string

// The element types of all file forms.
const (
	F64  DType = "F64"
	F32  DType = "F32"
	F16  DType = "F16"
	BF16 DType = "BF16"
	I64  DType = "I64"
	I32  DType = "I32"
	I16  DType = "I16"
	I8   DType = "I8"
	U8   DType = "U8"
	BOOL DType = "BOOL"
)

var dtypeSizes = map[DType]int{F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, BOOL: 1}

// Size returns the bytes of one element, 0 for a type that this package does not know.
func (d DType) Size() int { return dtypeSizes[d] }

// Tensor is a named array of numbers.
//
// Data holds the elements little-endian, row-major and without gaps. It may be part of the bytes that the file was parsed from,
// and tensors that shared memory in PyTorch may share it here: copy it before changing it.
// A Shape of length 0 is a scalar, of one element.
type Tensor struct {
	Name  string
	DType DType
	Shape []int
	Data  []byte
}

// NewFloat32 returns a tensor of type F32 with a copy of the values, row-major.
// It returns an error if the shape does not have as many elements as there are values.
func NewFloat32(name string, shape []int, values []float32) (Tensor, error) {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
	}
	return newTensor(name, F32, shape, data)
}

// NewInt64 returns a tensor of type I64; see NewFloat32.
func NewInt64(name string, shape []int, values []int64) (Tensor, error) {
	data := make([]byte, 0, 8*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint64(data, uint64(v))
	}
	return newTensor(name, I64, shape, data)
}

// NewInt32 returns a tensor of type I32; see NewFloat32.
func NewInt32(name string, shape []int, values []int32) (Tensor, error) {
	data := make([]byte, 0, 4*len(values))
	for _, v := range values {
		data = binary.LittleEndian.AppendUint32(data, uint32(v))
	}
	return newTensor(name, I32, shape, data)
}

func newTensor(name string, dtype DType, shape []int, data []byte) (Tensor, error) {
	t := Tensor{Name: name, DType: dtype, Shape: append([]int{}, shape...), Data: data}
	return t, t.validate()
}

// NumElements returns the product of the shape, 1 for a scalar.
func (t Tensor) NumElements() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// validate reports a type or shape that does not exist, and data of another size than they ask for.
func (t Tensor) validate() error {
	size, err := byteSize(t.DType, t.Shape)
	if err != nil {
		return errors.WithMessagef(err, "tensor %q", t.Name)
	}
	if size != len(t.Data) {
		return errors.Errorf("tensor %q: %s of shape %v has %d bytes, got %d", t.Name, t.DType, t.Shape, size, len(t.Data))
	}
	return nil
}

// maxRank bounds what a shape can cost. Networks have tensors of 5 dimensions at most.
const maxRank = 16

// byteSize returns the bytes of a tensor. It takes no memory: the sizes may be anything a hostile file says.
func byteSize(dtype DType, shape []int) (int, error) {
	if dtype.Size() == 0 {
		return 0, errors.Errorf("unknown element type %q (known: F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL)", string(dtype))
	}
	if len(shape) > maxRank {
		return 0, errors.Errorf("%d dimensions, more than %d", len(shape), maxRank)
	}
	// An empty dimension must not hide an overflow of the others: strides are computed from them.
	product, empty := dtype.Size(), false
	for _, d := range shape {
		if d < 0 || d > 0 && product > math.MaxInt/d {
			return 0, errors.Errorf("impossible shape %v", shape)
		}
		if d == 0 {
			empty = true
		} else {
			product *= d
		}
	}
	if empty {
		return 0, nil
	}
	return product, nil
}
