package weights

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pkg/errors"
)

// stateDictKeys are the usual names of a state dict that stands beside other things, most telling first.
var stateDictKeys = []string{"state_dict", "model_state_dict", "model"}

// dataParallelPrefix stands before every name if the network was saved from within torch.nn.DataParallel.
const dataParallelPrefix = "module."

// fileOf makes a File of the object that was pickled: a state dict, or a dict that has one.
func fileOf(object any, b *budget) (*File, error) {
	outer, ok := object.(*pyDict)
	if !ok {
		return nil, errors.Errorf("it holds %s, want a dict of tensors: save model.state_dict()", kindOf(object))
	}
	inner := outer.stateDict()
	f := &File{}
	for _, e := range inner.entries {
		v, isTensor := e.value.(*view)
		if !isTensor {
			continue
		}
		name, isString := e.key.(string)
		if !isString {
			return nil, errors.Errorf("a tensor's name is %s, want a string", kindOf(e.key))
		}
		t, err := v.tensor(name, b)
		if err != nil {
			return nil, errors.WithMessagef(err, "tensor %q", name)
		}
		f.Tensors = append(f.Tensors, t)
	}
	if len(f.Tensors) == 0 && len(inner.entries) > 0 {
		return nil, errors.Errorf("no tensors in its dict, whose keys are %s: save model.state_dict(), or a dict that has it under %q", inner.keys(), stateDictKeys[0])
	}
	stripDataParallel(f.Tensors)
	f.addMetadata(inner)
	f.addMetadata(outer)
	return f, nil
}

// stateDict is the dict under one of the usual keys, else d itself.
func (d *pyDict) stateDict() *pyDict {
	for _, key := range stateDictKeys {
		for _, e := range d.entries {
			if inner, ok := e.value.(*pyDict); ok && e.key == key {
				return inner
			}
		}
	}
	return d
}

// keys lists some keys for a message.
func (d *pyDict) keys() string {
	var names []string
	for _, e := range d.entries {
		if len(names) == 8 {
			names = append(names, "...")
			break
		}
		if key, ok := e.key.(string); ok {
			names = append(names, strconv.Quote(key))
		} else {
			names = append(names, kindOf(e.key))
		}
	}
	return strings.Join(names, ", ")
}

// kindOf names a value's type as Python does.
func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "None"
	case bool:
		return "a bool"
	case int64, bigInt:
		return "an int"
	case float64:
		return "a float"
	case string:
		return "a string"
	case pyTuple:
		return "a tuple"
	case *pyList:
		return "a list"
	case *pyDict:
		return "a dict"
	case *view:
		return "a single tensor"
	}
	return "something else"
}

func stripDataParallel(tensors []Tensor) {
	for _, t := range tensors {
		if !strings.HasPrefix(t.Name, dataParallelPrefix) {
			return
		}
	}
	for i := range tensors {
		tensors[i].Name = strings.TrimPrefix(tensors[i].Name, dataParallelPrefix)
	}
}

// addMetadata keeps a dict's plain values as text: strings, numbers, truth values. Everything else is left out.
func (f *File) addMetadata(d *pyDict) {
	for _, e := range d.entries {
		key, ok := e.key.(string)
		text, plain := plainText(e.value)
		if !ok || !plain || !utf8.ValidString(key) || !utf8.ValidString(text) {
			continue
		}
		if f.Metadata == nil {
			f.Metadata = map[string]string{}
		}
		f.Metadata[key] = text
	}
}

func plainText(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), true
	}
	return "", false
}
