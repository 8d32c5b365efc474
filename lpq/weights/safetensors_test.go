package weights_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	reference "github.com/nlpodyssey/safetensors"

	"github.com/lowprec/lpnets/lpq/weights"
)

func safetensorsFile(header, data string) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header+data...)
}

func TestParseSafetensors(t *testing.T) {
	// The header lists b first, the data a.
	f, err := weights.Parse(safetensorsFile(
		`{"b":{"dtype":"I16","shape":[],"data_offsets":[4,6]},"__metadata__":{"k":"v"},"a":{"data_offsets":[0,4],"shape":[1,2],"dtype":"BF16"}}   `,
		"\x80\x3f\x00\xc0\xff\xff"))
	if err != nil {
		t.Fatal(err)
	}
	want := []described{
		{Name: "a", DType: weights.BF16, Shape: []int{1, 2}, Values: []float64{1, -2}},
		{Name: "b", DType: weights.I16, Shape: []int{}, Values: []float64{-1}},
	}
	if diff := cmp.Diff(want, describe(t, f)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]string{"k": "v"}, f.Metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

func TestParseSafetensorsRefuses(t *testing.T) {
	const one = `{"dtype":"U8","shape":[1],"data_offsets":[0,1]}`
	for _, test := range []struct{ name, header, data, want string }{
		{name: "name twice", header: `{"a":` + one + `,"a":` + one + `}`, data: "x", want: `"a" stands there twice`},
		{name: "overlap", header: `{"a":` + one + `,"b":` + one + `}`, data: "x", want: "the tensor before it ends at 1"},
		{name: "hole", header: `{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, data: "xy", want: "the tensor before it ends at 0"},
		{name: "bytes left over", header: `{"a":` + one + `}`, data: "xy", want: "1 bytes after the last tensor"},
		{name: "short", header: `{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}`, data: "xyz", want: `"a": it needs the data's bytes 0 to 36, there are 3`},
		{name: "shape and offsets differ", header: `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,3]}}`, data: "xyz", want: "has 4 bytes, its data_offsets say 3"},
		{name: "shape overflows", header: `{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}`, want: "impossible shape"},
		{name: "backwards", header: `{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,-1]}}`, want: "its data are bytes 0 to -1"},
		{name: "unknown type", header: `{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}`, data: "x", want: `tensor "a": unknown element type "F8_E4M3"`},
		{name: "no shape", header: `{"a":{"dtype":"U8","data_offsets":[0,1]}}`, data: "x", want: "it needs a dtype, a shape and two data_offsets"},
		{name: "three offsets", header: `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1,2]}}`, data: "x", want: "two data_offsets"},
		{name: "unknown field", header: `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}`, data: "x", want: "unknown field"},
		{name: "number for metadata", header: `{"__metadata__":{"a":1}}`, want: `entry "__metadata__"`},
		{name: "not JSON", header: `{"a":`, want: `entry "a"`},
		{name: "JSON goes on", header: `{} {}`, want: "follow the JSON object"},
		{name: "not UTF-8", header: "{\"\xff\":" + one + "}", data: "x", want: "not UTF-8"},
	} {
		_, err := weights.Parse(safetensorsFile(test.header, test.data))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got error %v, want %q", test.name, err, test.want)
		}
	}
}

// Another implementation of the format reads what is written.
func TestSafetensorsAgainstLibrary(t *testing.T) {
	f, err := weights.Read("testdata/state.pth")
	if err != nil {
		t.Fatal(err)
	}
	f.Metadata = map[string]string{"scheme": "w4a4", "<quoted>\n": "\u2028"}
	data := encode(t, f, weights.Safetensors)
	if header := binary.LittleEndian.Uint64(data); header%8 != 0 {
		t.Errorf("the data begin at byte %d, want a multiple of 8", 8+header)
	}
	got, err := reference.Deserialize(data)
	if err != nil {
		t.Fatal(err)
	}
	if got.Len() != len(f.Tensors) {
		t.Errorf("the library finds %d tensors, want %d", got.Len(), len(f.Tensors))
	}
	for _, want := range f.Tensors {
		view, ok := got.Tensor(want.Name)
		if !ok || view.DType().String() != string(want.DType) || string(view.Data()) != string(want.Data) {
			t.Errorf("%s: the library finds %v", want.Name, view)
			continue
		}
		for i, d := range view.Shape() {
			if int(d) != want.Shape[i] {
				t.Errorf("%s: the library finds shape %v, want %v", want.Name, view.Shape(), want.Shape)
			}
		}
	}
	_, metadata, err := reference.ReadMetadata(data)
	if err != nil || !cmp.Equal(metadata.Metadata(), f.Metadata) {
		t.Errorf("the library finds metadata %v, %v", metadata.Metadata(), err)
	}
}
