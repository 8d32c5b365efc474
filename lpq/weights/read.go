package weights

import (
	"io"
	"os"

	"github.com/pkg/errors"
)

// Read reads a weights file of any form; the form is found from the content, not from the name.
//
// PyTorch: the pickled object must be a state dict, or a dict with a state dict under "state_dict", "model_state_dict" or
// "model". A prefix "module." on every name, left by DataParallel, is removed.
// It returns an error that names the file, the tensor and the way out; errors.Is(err, ErrTruncated) tells a file that was cut.
func Read(path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, errors.Wrap(err, "reading weights")
	}
	if !info.Mode().IsRegular() {
		return nil, errors.Errorf("reading weights: %q is a folder or a device, want a file", path)
	}
	data, err := readFile(path)
	if err != nil {
		return nil, errors.WithMessagef(err, "reading weights %q", path)
	}
	file, err := Parse(data)
	return file, errors.WithMessagef(err, "reading weights %q", path)
}

// readFile is os.ReadFile for a file that begins as weights do: a wrong one may be larger than the memory.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	defer f.Close()
	begin := make([]byte, 64)
	n, err := io.ReadFull(f, begin)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, errors.WithStack(err)
	}
	if _, err := detect(begin[:n]); err != nil {
		return nil, err
	}
	data, err := os.ReadFile(path)
	return data, errors.WithStack(err)
}

// Decode reads a weights file of size bytes from r; see Read.
func Decode(r io.ReaderAt, size int64) (*File, error) {
	data, err := io.ReadAll(io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, errors.Wrap(err, "reading weights")
	}
	if int64(len(data)) < size {
		return nil, errors.Wrapf(ErrTruncated, "weights of %d bytes end at byte %d", size, len(data))
	}
	return Parse(data)
}

// Parse reads a weights file from its bytes, an embedded one for instance; see Read.
// The tensors may refer to data, which must not change afterwards.
func Parse(data []byte) (*File, error) {
	format, err := detect(data)
	if err != nil {
		return nil, err
	}
	parse := map[Format]func([]byte) (*File, error){
		Safetensors: parseSafetensors,
		TorchZip:    parseTorchZip,
		TorchLegacy: parseTorchLegacy,
	}[format]
	file, err := parse(data)
	if err == nil {
		err = file.validate()
	}
	if err != nil {
		return nil, errors.WithMessagef(err, "%s file", format)
	}
	return file, nil
}
