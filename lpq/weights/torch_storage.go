package weights

import (
	"math"

	"github.com/pkg/errors"
)

// storage is a run of elements that tensors are views of. In the legacy form its data come after the pickle that names it.
type storage struct {
	key   string
	dtype DType
	numel int64
	data  []byte // nil until known.
}

// storageSlice is a part of a storage. Only old legacy files have slices other than the whole.
type storageSlice struct {
	root          *storage
	offset, numel int64
}

// view is a tensor as PyTorch saves it: element (i, j, ...) is number offset + i*stride[0] + j*stride[1] + ... of its storage.
type view struct {
	from          storageSlice
	offset        int64
	shape, stride []int
}

// storages are the storages that a pickle has named, by key.
type storages map[string]*storage

// parseID reads ("storage", type, key, device, number of elements, ...), a pickle's reference to a storage, and registers it.
func (s storages) parseID(id pyTuple) (*storage, error) {
	if len(id) < 5 || id[0] != "storage" {
		return nil, errors.New("refers to outside data that are not a tensor's storage")
	}
	kind, kindOK := id[1].(global)
	key, keyOK := id[2].(string)
	numel, numelOK := id[4].(int64)
	if !kindOK || kind.dtype == "" || !keyOK || !numelOK || numel < 0 || numel > math.MaxInt64/8 {
		return nil, errors.New("refers to a storage by other than (type, key, device, number of elements)")
	}
	known := s[key]
	if known == nil {
		known = &storage{key: key, dtype: kind.dtype, numel: numel}
		s[key] = known
	}
	if known.dtype != kind.dtype || known.numel != numel {
		return nil, errors.Errorf("storage %q is once %d elements of %s and once %d of %s", key, known.numel, known.dtype, numel, kind.dtype)
	}
	return known, nil
}

// byteSize does not overflow: parseID has seen to it.
func (s *storage) byteSize() int64 { return s.numel * int64(s.dtype.Size()) }

// tensor returns the view's elements without gaps: the storage's own bytes where they lie so, else a copy taken from the budget.
func (v *view) tensor(name string, b *budget) (Tensor, error) {
	root := v.from.root
	t := Tensor{Name: name, DType: root.dtype, Shape: v.shape, Data: []byte{}}
	size, err := byteSize(root.dtype, v.shape)
	if err != nil || size == 0 {
		return t, err
	}
	if err := v.checkBounds(); err != nil {
		return Tensor{}, err
	}
	if root.data == nil {
		return Tensor{}, errors.Errorf("the file has no data for its storage %q", root.key)
	}
	start := int(v.from.offset+v.offset) * root.dtype.Size() // In bounds, hence no overflow.
	if v.contiguous() {
		t.Data = root.data[start : start+size : start+size]
		return t, nil
	}
	if err := b.take(int64(size)); err != nil {
		return Tensor{}, err
	}
	t.Data = v.gather(root.data[start:], size)
	return t, nil
}

// checkBounds reports a view that reaches outside its storage, or a storage slice that does. The view has elements.
func (v *view) checkBounds() error {
	whole := v.from.root.numel
	if v.from.offset < 0 || v.from.numel < 0 || v.from.offset > whole-v.from.numel {
		return errors.Errorf("a slice of %d elements at %d of a storage of %d", v.from.numel, v.from.offset, whole)
	}
	last := v.offset
	for i, d := range v.shape {
		step, count := int64(v.stride[i]), int64(d-1)
		if step < 0 || last < 0 || count > 0 && step > (math.MaxInt64-last)/count {
			return errors.Errorf("impossible strides %v for shape %v", v.stride, v.shape)
		}
		last += step * count
	}
	if v.offset < 0 || last >= v.from.numel {
		return errors.Errorf("shape %v, strides %v at %d reach element %d of a storage of %d", v.shape, v.stride, v.offset, last, v.from.numel)
	}
	return nil
}

// contiguous reports whether the elements lie row-major and without gaps. Strides of dimensions of size 1 do not matter.
func (v *view) contiguous() bool {
	want := 1
	for i := len(v.shape) - 1; i >= 0; i-- {
		if v.shape[i] != 1 && v.stride[i] != want {
			return false
		}
		want *= v.shape[i]
	}
	return true
}

// gather copies the elements in row-major order, from the storage's bytes that begin with the view's first element.
func (v *view) gather(from []byte, size int) []byte {
	width := v.from.root.dtype.Size()
	out := make([]byte, 0, size)
	index := make([]int, len(v.shape))
	position := 0
	for len(out) < size {
		out = append(out, from[position*width:(position+1)*width]...)
		for i := len(index) - 1; i >= 0; i-- { // To the next element: like an odometer.
			index[i]++
			position += v.stride[i]
			if index[i] < v.shape[i] {
				break
			}
			position -= index[i] * v.stride[i]
			index[i] = 0
		}
	}
	return out
}
