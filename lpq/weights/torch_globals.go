package weights

import (
	"github.com/pkg/errors"
)

// global is something outside the pickle that a pickle may name.
type global struct {
	call  func(args pyTuple) (any, error) // nil for the types of storages.
	dtype DType                           // Of a storage.
}

// globals are all the names that a pickle may use. Nothing else is ever looked up, and none of these has an effect outside.
var globals = map[string]global{
	"collections.OrderedDict":                    {call: newOrderedDict},
	"torch.Size":                                 {call: newSize},
	"torch._utils._rebuild_tensor":               {call: rebuildTensor},
	"torch._utils._rebuild_tensor_v2":            {call: rebuildTensor},
	"torch._utils._rebuild_parameter":            {call: rebuildParameter},
	"torch._utils._rebuild_parameter_with_state": {call: rebuildParameter},
	"torch.DoubleStorage":                        {dtype: F64},
	"torch.FloatStorage":                         {dtype: F32},
	"torch.HalfStorage":                          {dtype: F16},
	"torch.BFloat16Storage":                      {dtype: BF16},
	"torch.LongStorage":                          {dtype: I64},
	"torch.IntStorage":                           {dtype: I32},
	"torch.ShortStorage":                         {dtype: I16},
	"torch.CharStorage":                          {dtype: I8},
	"torch.ByteStorage":                          {dtype: U8},
	"torch.BoolStorage":                          {dtype: BOOL},
}

// storageName is the inverse: the name that a file uses for a type.
var storageName = map[DType]string{
	F64: "DoubleStorage", F32: "FloatStorage", F16: "HalfStorage", BF16: "BFloat16Storage", I64: "LongStorage",
	I32: "IntStorage", I16: "ShortStorage", I8: "CharStorage", U8: "ByteStorage", BOOL: "BoolStorage",
}

func findGlobal(name string) (any, error) {
	g, ok := globals[name]
	if !ok {
		return nil, errors.Errorf("it asks for %.100q, which is refused: only tensors are rebuilt, nothing is run. "+
			"Save the model's state_dict() alone, from a source that you trust", name)
	}
	return g, nil
}

// newOrderedDict takes nothing, or a list of pairs, which is Python 2's way.
func newOrderedDict(args pyTuple) (any, error) {
	dict := &pyDict{}
	if len(args) == 0 {
		return dict, nil
	}
	list, ok := args[0].(*pyList)
	if !ok || len(args) != 1 {
		return nil, errors.New("OrderedDict of something other than a list")
	}
	pairs := list.items
	list.items = nil // Used up: nothing else refers to it, unless to fill memory with copies.
	for _, item := range pairs {
		pair := sequence(item)
		if len(pair) != 2 {
			return nil, errors.New("OrderedDict of something other than pairs")
		}
		dict.entries = append(dict.entries, pyEntry{pair[0], pair[1]})
	}
	return dict, nil
}

// sequence returns the items of a list or tuple, none of anything else.
func sequence(value any) []any {
	switch s := value.(type) {
	case pyTuple:
		return s
	case *pyList:
		return s.items
	}
	return nil
}

func newSize(args pyTuple) (any, error) {
	if len(args) != 1 {
		return nil, errors.New("torch.Size of other than one argument")
	}
	return pyTuple(sequence(args[0])), nil
}

// rebuildTensor takes (storage, offset, size, stride, ...); whether gradients are wanted, and hooks, do not matter here.
func rebuildTensor(args pyTuple) (any, error) {
	if len(args) < 4 {
		return nil, errors.Errorf("a tensor is rebuilt from %d values, want at least 4", len(args))
	}
	from, storageOK := args[0].(storageSlice)
	offset, offsetOK := args[1].(int64)
	shape, shapeOK := integers(args[2])
	stride, strideOK := integers(args[3])
	if !storageOK || !offsetOK || !shapeOK || !strideOK || len(shape) != len(stride) {
		return nil, errors.New("a tensor is rebuilt from other than (storage, offset, size, stride)")
	}
	return &view{from: from, offset: offset, shape: shape, stride: stride}, nil
}

func integers(value any) ([]int, bool) {
	tuple, ok := value.(pyTuple)
	if !ok || len(tuple) > maxRank {
		return nil, false
	}
	numbers := make([]int, len(tuple))
	for i, item := range tuple {
		n, isInt := item.(int64)
		if numbers[i] = int(n); !isInt || int64(numbers[i]) != n {
			return nil, false
		}
	}
	return numbers, true
}

// rebuildParameter takes (tensor, requires_grad, hooks).
func rebuildParameter(args pyTuple) (any, error) {
	if len(args) > 0 {
		if v, ok := args[0].(*view); ok {
			return v, nil
		}
	}
	return nil, errors.New("a parameter of something other than a tensor")
}
