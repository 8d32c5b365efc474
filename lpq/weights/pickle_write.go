package weights

import (
	"bytes"
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/pkg/errors"
)

// pickler writes the instructions of protocol 2, those only that torch.load(..., weights_only=True) knows.
// Nothing is memoized: a file of 100 tensors grows by 10 kB for it.
type pickler struct{ bytes.Buffer }

func newPickler() *pickler {
	p := &pickler{}
	p.Write([]byte{opProto, 2})
	return p
}

func (p *pickler) op(ops ...byte) { p.Write(ops) }

func (p *pickler) stop() []byte {
	p.op(opStop)
	return p.Bytes()
}

// string writes text of less than 4 GiB; pickleFile has seen to it.
func (p *pickler) string(s string) {
	p.op(opBinUnicode)
	p.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(s))))
	p.WriteString(s)
}

func (p *pickler) int(n int64) {
	switch {
	case 0 <= n && n <= math.MaxUint8:
		p.op(opBinInt1, byte(n))
	case math.MinInt32 <= n && n <= math.MaxInt32:
		p.op(opBinInt)
		p.Write(binary.LittleEndian.AppendUint32(nil, uint32(n)))
	default:
		p.op(opLong1, 8)
		p.Write(binary.LittleEndian.AppendUint64(nil, uint64(n)))
	}
}

func (p *pickler) ints(numbers []int) {
	p.op(opMark)
	for _, n := range numbers {
		p.int(int64(n))
	}
	p.op(opTuple)
}

func (p *pickler) global(module, name string) {
	p.op(opGlobal)
	p.WriteString(module + "\n" + name + "\n")
}

// orderedDict writes an empty one.
func (p *pickler) orderedDict() {
	p.global("collections", "OrderedDict")
	p.op(opEmptyTuple, opReduce)
}

// pickleFile writes a file's object. Tensor number i has the storage "i" to itself.
func pickleFile(f *File, legacy bool) ([]byte, error) {
	for key, value := range f.Metadata {
		if slices.Contains(stateDictKeys, key) {
			return nil, errors.Errorf("metadata cannot be called %q in a PyTorch file: the tensors can stand there", key)
		}
		if len(key) > math.MaxInt32 || len(value) > math.MaxInt32 {
			return nil, errors.Errorf("metadata %.100q is too long for a PyTorch file", key)
		}
	}
	p := newPickler()
	if len(f.Metadata) == 0 {
		p.stateDict(f.Tensors, legacy)
		return p.stop(), nil
	}
	p.op(opEmptyDict, opMark)
	p.string(stateDictKeys[0])
	p.stateDict(f.Tensors, legacy)
	for _, key := range slices.Sorted(maps.Keys(f.Metadata)) {
		p.string(key)
		p.string(f.Metadata[key])
	}
	p.op(opSetItems)
	return p.stop(), nil
}

func (p *pickler) stateDict(tensors []Tensor, legacy bool) {
	p.orderedDict()
	p.op(opMark)
	for i, t := range tensors {
		p.string(t.Name)
		p.tensor(t, strconv.Itoa(i), legacy)
	}
	p.op(opSetItems)
}

// tensor writes _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks).
func (p *pickler) tensor(t Tensor, key string, legacy bool) {
	p.global("torch._utils", "_rebuild_tensor_v2")
	p.op(opMark, opMark)
	p.string("storage")
	p.global("torch", storageName[t.DType])
	p.string(key)
	p.string("cpu")
	p.int(int64(len(t.Data) / t.DType.Size()))
	if legacy {
		p.op(opNone) // Not a slice of another storage.
	}
	p.op(opTuple, opBinPersID)
	p.int(0)
	p.ints(t.Shape)
	p.ints(rowMajorStrides(t.Shape))
	p.op(opFalse)
	p.orderedDict()
	p.op(opTuple, opReduce)
}

// rowMajorStrides counts empty dimensions as 1, as PyTorch does.
func rowMajorStrides(shape []int) []int {
	strides := make([]int, len(shape))
	next := 1
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = next
		next *= max(shape[i], 1)
	}
	return strides
}

// legacyHead is the three pickles before the object.
func legacyHead() []byte {
	magic := newPickler()
	magic.op(opLong1, byte(len(legacyMagic)))
	magic.WriteString(string(legacyMagic))
	version := newPickler()
	version.int(legacyVersion)
	machine := newPickler()
	machine.op(opEmptyDict, opMark)
	machine.string("protocol_version")
	machine.int(legacyVersion)
	machine.string("little_endian")
	machine.op(opTrue)
	machine.string("type_sizes")
	machine.op(opEmptyDict, opMark)
	for _, size := range []struct {
		name  string
		bytes int64
	}{{"short", 2}, {"int", 4}, {"long", 4}} { // What PyTorch writes on any machine.
		machine.string(size.name)
		machine.int(size.bytes)
	}
	machine.op(opSetItems, opSetItems)
	return slices.Concat(magic.stop(), version.stop(), machine.stop())
}

// pickleKeys lists the storages "0" to "count-1".
func pickleKeys(count int) []byte {
	p := newPickler()
	p.op(opEmptyList, opMark)
	for i := range count {
		p.string(strconv.Itoa(i))
	}
	p.op(opAppends)
	return p.stop()
}
