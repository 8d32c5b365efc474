package weights

import (
	"io"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/internal/atomicfile"
)

// Write writes a weights file in the form that FormatOf finds for its name.
//
// The same content gives the same bytes. The file appears whole or not at all: it is written beside path under another name,
// flushed to disk and renamed. It returns an error if the extension is unknown, if names repeat, if a tensor's data do not fit
// its shape, or if writing fails.
func Write(path string, f *File) error {
	format, err := FormatOf(path)
	if err != nil {
		return err
	}
	return WriteFormat(path, f, format)
}

// WriteFormat is Write for a form of the caller's choice.
func WriteFormat(path string, f *File, format Format) error {
	return atomicfile.Write(path, func(w io.Writer) error { return Encode(w, f, format) })
}

// Encode writes a weights file to w; see Write.
//
// Metadata becomes the `__metadata__` of a safetensors file. In PyTorch's forms the object is the state dict itself if there is
// no metadata, else a dict of the state dict under "state_dict" and the metadata as strings beside it.
// `torch.load(..., weights_only=True)` reads both.
func Encode(w io.Writer, f *File, format Format) error {
	encode, ok := map[Format]func(io.Writer, *File) error{
		Safetensors: encodeSafetensors,
		TorchZip:    encodeTorchZip,
		TorchLegacy: encodeTorchLegacy,
	}[format]
	if !ok {
		return errors.Errorf("unknown weights format %q", format)
	}
	if err := f.validate(); err != nil {
		return err
	}
	return encode(w, f)
}
