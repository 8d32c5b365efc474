package weights

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"
)

// Format is the form of a weights file.
type Format string

const (
	// Safetensors is a JSON header and the raw data, https://github.com/huggingface/safetensors#format.
	Safetensors Format = "safetensors"
	// TorchZip is what torch.save writes since PyTorch 1.6: a zip archive of one pickle and the raw data.
	TorchZip Format = "torch zip"
	// TorchLegacy is what torch.save wrote before: five pickles and the raw data.
	TorchLegacy Format = "torch legacy"
)

// FormatOf returns the form to write for a file name: .safetensors; .pt and .pth are TorchZip; .th is TorchLegacy.
// It returns an error for any other extension. Reading goes by the content and never by the name.
func FormatOf(path string) (Format, error) {
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".safetensors":
		return Safetensors, nil
	case ".pt", ".pth":
		return TorchZip, nil
	case ".th":
		return TorchLegacy, nil
	default:
		return "", errors.Errorf("weights file %q: unknown extension %q, want .safetensors, .pth, .pt or .th", path, ext)
	}
}

// strangers are the beginnings of files that stand where weights should be, and what they mean.
var strangers = []struct{ begin, meaning string }{
	{"version https://git-lfs", "it is a Git LFS pointer: fetch the file itself with `git lfs pull`"},
	{"<", "it is an HTML or XML page, perhaps an error page saved by a download"},
	{"\x1f\x8b", "it is gzip data: unpack it first"},
	{"\x89HDF", "it is an HDF5 file"},
}

// detect finds the form from the first bytes.
func detect(data []byte) (Format, error) {
	// Safetensors comes first: the low bytes of its header length can look like a pickle, but then a brace follows.
	switch {
	case len(data) >= 9 && data[8] == '{' && binary.LittleEndian.Uint64(data) <= maxHeaderSize:
		return Safetensors, nil
	case bytes.HasPrefix(data, []byte("PK\x03\x04")), bytes.HasPrefix(data, []byte("PK\x05\x06")):
		return TorchZip, nil
	case len(data) >= 2 && data[0] == opProto && data[1] <= 5:
		return TorchLegacy, nil
	}
	for _, s := range strangers {
		if bytes.HasPrefix(data, []byte(s.begin)) {
			return "", errors.Errorf("neither PyTorch nor safetensors: %s", s.meaning)
		}
	}
	if len(data) < 9 {
		return "", errors.Wrapf(ErrTruncated, "only %d bytes", len(data))
	}
	return "", errors.Errorf("neither PyTorch nor safetensors: it begins with the bytes % x", data[:9])
}
