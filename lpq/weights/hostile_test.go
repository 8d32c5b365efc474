package weights_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/lpq/weights"
)

// record is an entry of a zip archive made by a test.
type record struct {
	name   string
	data   []byte
	method uint16
}

func zipFile(t testing.TB, records ...record) []byte {
	t.Helper()
	var buffer bytes.Buffer
	archive := zip.NewWriter(&buffer)
	for _, r := range records {
		w, err := archive.CreateHeader(&zip.FileHeader{Name: r.name, Method: r.method})
		if err == nil {
			_, err = w.Write(r.data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

// rebuild is the pickle of {"w": a tensor of one storage "0"}; size and stride are instructions that make tuples.
func rebuild(storage string, numel, offset byte, size, stride string) []byte {
	return []byte("\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\n" + storage +
		"\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK" + string([]byte{numel}) + "tQK" + string([]byte{offset}) + size + stride + "\x89NtRs.")
}

func TestParseZipRefuses(t *testing.T) {
	four := []byte("0123456789abcdef")
	good := rebuild("FloatStorage", 4, 0, "K\x04\x85", "K\x01\x85")
	entry := string(good[3 : len(good)-2])
	const huge = "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f" // The largest int64.
	for _, test := range []struct {
		name    string
		pickled []byte
		data    []byte
		more    []record
		want    string
	}{
		{name: "storage too short", pickled: good, data: four[:15], want: `record "a/data/0" has 15 bytes, 4 elements of F32 need 16`},
		{name: "storage too long", pickled: good, data: append(four, 0), want: "has 17 bytes"},
		{name: "no byte order known", pickled: good, data: four, more: []record{{name: "a/byteorder", data: []byte("big")}}, want: `byte order is "big"`},
		{name: "program", pickled: good, data: four, more: []record{{name: "a/constants.pkl"}}, want: "TorchScript"},
		{name: "record twice", pickled: good, data: four, more: []record{{name: "a/data/0"}}, want: `two records are called "a/data/0"`},
		{name: "two objects", pickled: good, data: four, more: []record{{name: "b/data.pkl"}}, want: "two folders"},
		{name: "complex numbers", pickled: rebuild("ComplexFloatStorage", 2, 0, "K\x01\x85", "K\x01\x85"), want: `"torch.ComplexFloatStorage", which is refused`},
		{name: "shape beyond storage", pickled: rebuild("FloatStorage", 4, 0, "K\x05\x85", "K\x01\x85"), data: four, want: `tensor "w": shape [5], strides [1] at 0 reach element 4 of a storage of 4`},
		{name: "offset beyond storage", pickled: rebuild("FloatStorage", 4, 1, "K\x04\x85", "K\x01\x85"), data: four, want: "at 1 reach element 4"},
		{name: "negative size", pickled: rebuild("FloatStorage", 4, 0, "J\xff\xff\xff\xff\x85", "K\x01\x85"), data: four, want: "impossible shape [-1]"},
		{name: "negative stride", pickled: rebuild("FloatStorage", 4, 3, "K\x04\x85", "J\xff\xff\xff\xff\x85"), data: four, want: "impossible strides"},
		{name: "huge stride", pickled: rebuild("FloatStorage", 4, 0, "K\x04\x85", huge+"\x85"), data: four, want: "impossible strides"},
		{name: "huge stride twice", pickled: rebuild("FloatStorage", 4, 0, "K\x02K\x02\x86", huge+huge+"\x86"), data: four, want: "impossible strides"},
		{name: "huge shape", pickled: rebuild("FloatStorage", 4, 0, huge+"K\x02\x86", "K\x00K\x00\x86"), data: four, want: "impossible shape"},
		{name: "shape and strides differ in rank", pickled: rebuild("FloatStorage", 4, 0, "K\x04\x85", ")"), data: four, want: "other than (storage, offset, size, stride)"},
		{name: "terabytes of one element", pickled: rebuild("FloatStorage", 4, 0, "J\xff\xff\xff\x7fM\xff\xff\x86", "K\x00K\x00\x86"), data: four, want: `tensor "w": unpacks to more than`},
		{name: "name twice", pickled: []byte("\x80\x02}(" + entry + entry + "u."), data: four, want: `two tensors are called "w"`},
	} {
		records := append([]record{{name: "a/data.pkl", data: test.pickled}, {name: "a/data/0", data: test.data}}, test.more...)
		_, err := weights.Parse(zipFile(t, records...))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got error %v, want %q", test.name, err, test.want)
		}
	}
}

func TestParseZipRecords(t *testing.T) {
	good := rebuild("FloatStorage", 4, 0, "K\x04\x85", "K\x01\x85")
	four := []byte("0123456789abcdef")
	deflated := zipFile(t, record{"a/data.pkl", good, zip.Deflate}, record{"a/data/0", four, zip.Deflate})
	f, err := weights.Parse(deflated)
	if err != nil || string(f.Tensors[0].Data) != string(four) {
		t.Errorf("deflated: got %v, %v", f, err)
	}
	stored := zipFile(t, record{"a/data.pkl", good, zip.Store}, record{"a/data/0", four, zip.Store})
	stored[bytes.Index(stored, four)]++
	if _, err := weights.Parse(stored); err == nil || !strings.Contains(err.Error(), `record "a/data/0": its checksum is wrong`) {
		t.Errorf("a changed byte: %v", err)
	}
	if _, err := weights.Parse(zipFile(t, record{name: "readme.txt"})); err == nil || !strings.Contains(err.Error(), "not one of PyTorch's") {
		t.Errorf("another archive: %v", err)
	}
	if _, err := weights.Parse(zipFile(t, record{name: "a/data.pkl", data: good})); err == nil || !strings.Contains(err.Error(), `no record "a/data/0"`) {
		t.Errorf("no data: %v", err)
	}
}

// legacyHead is the three pickles before the object.
const legacyHead = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}."

func TestParsePickleRefuses(t *testing.T) {
	for _, test := range []struct{ name, pickled, want string }{
		{name: "function", pickled: "\x80\x02cbuiltins\neval\nX\x01\x00\x00\x001\x85R.", want: `"builtins.eval", which is refused`},
		{name: "function by names on the stack", pickled: "\x80\x04\x8c\x02os\x8c\x06system\x93.", want: `"os.system", which is refused`},
		{name: "NumPy", pickled: "\x80\x02cnumpy.core.multiarray\n_reconstruct\n.", want: `"numpy.core.multiarray._reconstruct", which is refused`},
		{name: "class without call", pickled: "\x80\x02ccopy_reg\n_reconstructor\n.", want: `"copy_reg._reconstructor", which is refused`},
		{name: "attribute of an allowed module", pickled: "\x80\x02ctorch._utils\n_rebuild_tensor_v2.__globals__\n.", want: "which is refused"},
		{name: "old instruction", pickled: "\x80\x02I1\n.", want: "instruction 0x49 is not one of PyTorch's"},
		{name: "no such instruction", pickled: "\x80\x02\xff", want: "instruction 0xff"},
		{name: "empty stack", pickled: "\x80\x02.", want: "the stack is empty"},
		{name: "below a mark", pickled: "\x80\x02N(\x85.", want: "the stack is empty"},
		{name: "no mark", pickled: "\x80\x02t.", want: "no mark"},
		{name: "key without value", pickled: "\x80\x02}(Nu.", want: "keys without values"},
		{name: "entry of a list", pickled: "\x80\x02]NNs.", want: "other than a dict"},
		{name: "append to a dict", pickled: "\x80\x02}Na.", want: "other than a list"},
		{name: "empty memo", pickled: "\x80\x02h\x07.", want: "memo 7 is empty"},
		{name: "call of a storage type", pickled: "\x80\x02ctorch\nFloatStorage\n)R.", want: "calls something other"},
		{name: "call of a number", pickled: "\x80\x02K\x01)R.", want: "calls something other"},
		{name: "attributes of a list", pickled: "\x80\x02]}b.", want: "sets attributes"},
		{name: "long string", pickled: "\x80\x02X\xff\xff\xff\xffabc", want: "4294967295 more bytes wanted"},
		{name: "longer string", pickled: "\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc", want: "18446744073709551615 more bytes wanted"},
		{name: "outside data", pickled: "\x80\x02X\x06\x00\x00\x00module\x85Q.", want: "not a tensor's storage"},
		{name: "a list", pickled: "\x80\x02].", want: "it holds a list, want a dict of tensors"},
		{name: "itself", pickled: "\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s.", want: "no tensors in its dict"},
		{name: "long number of dimensions", pickled: "\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(NK\x00(" + strings.Repeat("K\x01", 17) + "t)tR.", want: "other than (storage"},
		{name: "too many instructions", pickled: "\x80\x02" + strings.Repeat("N0", 1<<20) + "N.", want: "more than 2097152 instructions"},
	} {
		_, err := weights.Parse([]byte(legacyHead + test.pickled + "\x80\x02]."))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got error %v, want %q", test.name, err, test.want)
		}
	}
}

func legacyID(storage string, numel byte, view string) string {
	return "(X\x07\x00\x00\x00storagectorch\n" + storage + "\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK" + string([]byte{numel}) + view + "tQ"
}

func legacyTensor(name, id string) string {
	return "X\x01\x00\x00\x00" + name + "ctorch._utils\n_rebuild_tensor\n(" + id + "K\x00K\x02\x85K\x01\x85tR"
}

func TestParseLegacy(t *testing.T) {
	const keys = "\x80\x02]X\x01\x00\x00\x000a."
	const data = "\x04\x00\x00\x00\x00\x00\x00\x00" + "abcd"
	whole := legacyTensor("w", legacyID("ByteStorage", 4, "N"))
	part := legacyTensor("v", legacyID("ByteStorage", 4, "(X\x01\x00\x00\x001K\x02K\x02t")) // Elements 2 and 3.
	f, err := weights.Parse([]byte(legacyHead + "\x80\x02}(" + whole + part + "u." + keys + data))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprintf("%s %s", f.Tensors[0].Data, f.Tensors[1].Data); got != "ab cd" {
		t.Errorf("a storage and a slice of it: got %q", got)
	}
	// Python 2 makes an OrderedDict of a list of pairs.
	pair := strings.Replace(whole, "X\x01\x00\x00\x00w", "]U\x01wa", 1) + "a"
	f, err = weights.Parse([]byte(legacyHead + "\x80\x02ccollections\nOrderedDict\n](" + pair + "e\x85R." + keys + data))
	if err != nil || len(f.Tensors) != 1 || string(f.Tensors[0].Data) != "ab" {
		t.Errorf("Python 2: got %v, %v", f, err)
	}
	for _, test := range []struct{ name, object, keys, data, want string }{
		{name: "another size", object: whole, keys: keys, data: "\x05" + data[1:] + "e", want: "the file has 5 elements for it, its tensors expect 4"},
		{name: "unknown storage", object: whole, keys: "\x80\x02]X\x01\x00\x00\x009a.", want: `storage "9" belongs to no tensor`},
		{name: "no data", object: whole, keys: "\x80\x02].", want: `tensor "w": the file has no data for its storage "0"`},
		{name: "slice outside", object: legacyTensor("v", legacyID("ByteStorage", 4, "(X\x01\x00\x00\x001K\x03K\x02t")), keys: keys, data: data, want: "a slice of 2 elements at 3 of a storage of 4"},
		{name: "two types", object: whole + legacyTensor("v", legacyID("CharStorage", 4, "N")), keys: keys, data: data, want: "once 4 elements of U8 and once 4 of I8"},
	} {
		_, err := weights.Parse([]byte(legacyHead + "\x80\x02}(" + test.object + "u." + test.keys + test.data))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got error %v, want %q", test.name, err, test.want)
		}
	}
}

func TestParseStrangers(t *testing.T) {
	for _, test := range []struct{ name, data, want string }{
		{name: "nothing", data: "", want: "only 0 bytes"},
		{name: "web page", data: "<!DOCTYPE html>", want: "HTML"},
		{name: "pointer", data: "version https://git-lfs.github.com/spec/v1\n", want: "git lfs pull"},
		{name: "another pickle", data: "\x80\x02K\x01.", want: "a pickle of an int, but not one of PyTorch's"},
		{name: "another version", data: legacyHead[:15] + "\x80\x02M\xe8\x03.", want: "its version is not 1001"},
	} {
		if _, err := weights.Parse([]byte(test.data)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got error %v, want %q", test.name, err, test.want)
		}
	}
}

// What hostile files make the parser allocate, against bounds that follow from the file's size.
func TestMemoryIsBounded(t *testing.T) {
	state, err := os.ReadFile("testdata/state.th")
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 80<<20) // More than the budget of 64 MiB.
	object := func(instructions string) []byte { return []byte(legacyHead + "\x80\x02" + instructions) }
	pairs := "ccollections\nOrderedDict\nq\x00](" + strings.Repeat("NN\x86", 1000) + "e\x85q\x01R0" // A call, kept for repetition.
	for _, test := range []struct {
		name  string
		data  []byte
		limit uint64
	}{
		{name: "state dict", data: state, limit: 1 << 20},
		{name: "bomb", data: zipFile(t, record{"a/data.pkl", zeros, zip.Deflate}), limit: 2 << 20},
		{name: "string of 4 GB", data: object("X\xff\xff\xff\xff"), limit: 1 << 20},
		{name: "marks", data: object(strings.Repeat("(", 1<<20)), limit: 64 << 20},
		{name: "dicts", data: object(strings.Repeat("}", 1<<20)), limit: 256 << 20},
		{name: "nested tuples", data: object("N" + strings.Repeat("\x85", 1<<20)), limit: 256 << 20},
		{name: "the same pairs again and again", data: object(pairs + strings.Repeat("h\x00h\x01R0", 1<<17)), limit: 64 << 20},
		{name: "header of 100 MB", data: []byte("\x00\xe1\xf5\x05\x00\x00\x00\x00{\"a\":"), limit: 1 << 20},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := weights.Parse(test.data)
		runtime.ReadMemStats(&after)
		t.Logf("%s: %d for %d", test.name, after.TotalAlloc-before.TotalAlloc, len(test.data))
		if taken := after.TotalAlloc - before.TotalAlloc; taken > test.limit {
			t.Errorf("%s: %d bytes allocated for a file of %d, limit %d", test.name, taken, len(test.data), test.limit)
		}
		if (err == nil) != (test.name == "state dict") {
			t.Errorf("%s: error %v", test.name, err)
		}
	}
}
