package weights_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lowprec/lpnets/lpq/weights"
)

var formats = []weights.Format{weights.Safetensors, weights.TorchZip, weights.TorchLegacy}

var dtypes = []weights.DType{weights.F64, weights.F32, weights.F16, weights.BF16, weights.I64, weights.I32, weights.I16,
	weights.I8, weights.U8, weights.BOOL}

func encode(t testing.TB, f *weights.File, format weights.Format) []byte {
	t.Helper()
	var buffer bytes.Buffer
	if err := weights.Encode(&buffer, f, format); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return buffer.Bytes()
}

// randomFile has tensors of random types, ranks, sizes and bytes, and names and metadata that need quoting.
func randomFile(rng *rand.Rand) *weights.File {
	f := &weights.File{}
	for i := range rng.IntN(20) {
		tensor := weights.Tensor{
			Name:  fmt.Sprintf("层%d.\"weight\"\n<&>", i),
			DType: dtypes[rng.IntN(len(dtypes))],
		}
		for range rng.IntN(5) {
			tensor.Shape = append(tensor.Shape, rng.IntN(6))
		}
		tensor.Data = make([]byte, tensor.NumElements()*tensor.DType.Size())
		for j := range tensor.Data {
			tensor.Data[j] = byte(rng.Uint32())
			if tensor.DType == weights.BOOL {
				tensor.Data[j] &= 1
			}
		}
		f.Tensors = append(f.Tensors, tensor)
	}
	for i := range rng.IntN(3) {
		if f.Metadata == nil {
			f.Metadata = map[string]string{}
		}
		f.Metadata[fmt.Sprintf("key %d\u2028", i)] = strings.Repeat("text\x00\"é", i*50)
	}
	return f
}

func TestRoundTrip(t *testing.T) {
	for seed := range uint64(100) {
		want := randomFile(rand.New(rand.NewPCG(seed, 1)))
		for _, format := range formats {
			data := encode(t, want, format)
			got, err := weights.Parse(data)
			if err != nil {
				t.Fatalf("seed %d, %s: %v", seed, format, err)
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("seed %d, %s (-want +got):\n%s", seed, format, diff)
			}
			if again := encode(t, got, format); !bytes.Equal(again, data) {
				t.Fatalf("seed %d, %s: the same content gave other bytes", seed, format)
			}
		}
	}
}

// A file read from one form and written in another keeps everything.
func TestConvertFixture(t *testing.T) {
	want, err := weights.Read("testdata/state.th")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.safetensors", "a.pth", "a.PT", "a.th"} {
		path := filepath.Join(t.TempDir(), name)
		if err := weights.Write(path, want); err != nil {
			t.Fatal(err)
		}
		got, err := weights.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestDecode(t *testing.T) {
	want := randomFile(rand.New(rand.NewPCG(7, 7)))
	data := encode(t, want, weights.TorchZip)
	got, err := weights.Decode(bytes.NewReader(data), int64(len(data)))
	if err != nil || !cmp.Equal(want, got, cmpopts.EquateEmpty()) {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := weights.Decode(bytes.NewReader(data), 1<<40); err == nil || !strings.Contains(err.Error(), "truncated") {
		t.Errorf("a size beyond the data: %v", err)
	}
}

// Data of the zip form lie on 64-byte boundaries.
func TestZipAlignment(t *testing.T) {
	f := &weights.File{}
	for i := range 5 {
		marker := []byte(fmt.Sprintf("marker%d", i))
		f.Tensors = append(f.Tensors, weights.Tensor{Name: fmt.Sprint(i), DType: weights.U8, Shape: []int{len(marker)}, Data: marker})
	}
	data := encode(t, f, weights.TorchZip)
	for _, tensor := range f.Tensors {
		if at := bytes.Index(data, tensor.Data); at%64 != 0 {
			t.Errorf("tensor %s lies at byte %d, want a multiple of 64", tensor.Name, at)
		}
	}
}

func TestFormatOf(t *testing.T) {
	for path, want := range map[string]weights.Format{
		"x/a.safetensors": weights.Safetensors, "a.pth": weights.TorchZip, "a.PT": weights.TorchZip, "a.b.th": weights.TorchLegacy,
	} {
		if got, err := weights.FormatOf(path); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", path, got, err, want)
		}
	}
	for _, path := range []string{"a", "a.onnx", "th"} {
		if got, err := weights.FormatOf(path); err == nil || !strings.Contains(err.Error(), "want .safetensors") {
			t.Errorf("%s: got %q, %v, want an error", path, got, err)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	one := weights.Tensor{Name: "w", DType: weights.U8, Shape: []int{1}, Data: []byte{1}}
	with := func(change func(*weights.Tensor)) *weights.File {
		t := one
		change(&t)
		return &weights.File{Tensors: []weights.Tensor{t}}
	}
	for _, test := range []struct {
		name, path, want string
		file             *weights.File
	}{
		{name: "names repeat", file: &weights.File{Tensors: []weights.Tensor{one, one}}, want: `two tensors are called "w"`},
		{name: "data too long", file: with(func(t *weights.Tensor) { t.Data = []byte{1, 2} }), want: "has 1 bytes, got 2"},
		{name: "unknown type", file: with(func(t *weights.Tensor) { t.DType = "F8" }), want: `unknown element type "F8"`},
		{name: "name not UTF-8", file: with(func(t *weights.Tensor) { t.Name = "\xff" }), want: "not UTF-8"},
		{name: "reserved name", file: with(func(t *weights.Tensor) { t.Name = "__metadata__" }), want: "no tensor can be called"},
		{name: "metadata not UTF-8", file: &weights.File{Metadata: map[string]string{"k": "\xff"}}, want: "not UTF-8"},
		{name: "metadata hides tensors", path: "a.th", file: &weights.File{Metadata: map[string]string{"model": "x"}}, want: "metadata cannot be called"},
		{name: "unknown extension", path: "a.bin", file: &weights.File{}, want: "unknown extension"},
		{name: "no such folder", path: "absent/a.th", file: &weights.File{}, want: "no such file"},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "a.pth")
		if test.path != "" {
			path = filepath.Join(dir, test.path)
		}
		if err := weights.Write(path, test.file); err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got error %v, want %q", test.name, err, test.want)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
			t.Errorf("%s: %v was left behind, %v", test.name, left, err)
		}
	}
}

// A write that fails leaves the old file as it was.
func TestWriteKeepsOldFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.safetensors")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := &weights.File{Tensors: []weights.Tensor{{Name: "w", DType: weights.F32, Shape: []int{1}}}}
	if err := weights.Write(path, bad); err == nil {
		t.Fatal("a tensor without data was written")
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
		t.Errorf("the old file now holds %q, %v", got, err)
	}
}
