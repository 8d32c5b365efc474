package weights

import (
	"unicode/utf8"

	"github.com/pkg/errors"
)

// File is the content of a weights file.
//
// Tensors stand in the order of the file. Metadata is text beside them, nil if there is none: in safetensors the
// `__metadata__` entry; in PyTorch's forms the strings, numbers and truth values beside the `state_dict`.
type File struct {
	Tensors  []Tensor
	Metadata map[string]string
}

// Lookup returns the tensor of that name.
func (f *File) Lookup(name string) (Tensor, bool) {
	for _, t := range f.Tensors {
		if t.Name == name {
			return t, true
		}
	}
	return Tensor{}, false
}

// ErrTruncated is in the chain of the error about a file that ends too early, a broken download for instance.
var ErrTruncated = errors.New("the file is truncated; fetch or copy it again")

// validate checks what every form needs before it is written, and every parser's result:
// names that exist once and are text, and tensors that are as large as they say.
func (f *File) validate() error {
	seen := make(map[string]bool, len(f.Tensors))
	for _, t := range f.Tensors {
		if seen[t.Name] {
			return errors.Errorf("two tensors are called %q", t.Name)
		}
		seen[t.Name] = true
		if !utf8.ValidString(t.Name) {
			return errors.Errorf("tensor name %q is not UTF-8", t.Name)
		}
		if t.Name == metadataKey {
			return errors.Errorf("no tensor can be called %q: safetensors keeps its metadata there", t.Name)
		}
		if err := t.validate(); err != nil {
			return err
		}
	}
	for key, value := range f.Metadata {
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			return errors.Errorf("metadata %q is not UTF-8", key)
		}
	}
	return nil
}
