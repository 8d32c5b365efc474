package weights_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/lpq/weights"
)

// described is a tensor as testdata/make.py lists it.
type described struct {
	Name   string
	DType  weights.DType
	Shape  []int
	Values []float64
}

func describe(t *testing.T, f *weights.File) []described {
	t.Helper()
	var all []described
	for _, tensor := range f.Tensors {
		d := described{Name: tensor.Name, DType: tensor.DType, Shape: tensor.Shape}
		switch tensor.DType {
		case weights.F64, weights.F32, weights.F16, weights.BF16:
			values, err := tensor.Float32s()
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				d.Values = append(d.Values, float64(v))
			}
		case weights.BOOL:
			for _, v := range tensor.Data {
				d.Values = append(d.Values, float64(v))
			}
		default:
			values, err := tensor.Int64s()
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range values {
				d.Values = append(d.Values, float64(v))
			}
		}
		all = append(all, d)
	}
	return all
}

func readJSON(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// What PyTorch wrote is read as PyTorch reads it.
func TestReadFixtures(t *testing.T) {
	metadata := map[string]string{"epoch": "3", "arch": "resnet20", "best_prec1": "91.75", "done": "true"}
	for _, test := range []struct {
		file, want string
		metadata   map[string]string
	}{
		{file: "state.pth", want: "state.json"},
		{file: "state.th", want: "state.json"},
		{file: "protocol4.pth", want: "state.json"},
		{file: "protocol4.th", want: "state.json"},
		{file: "nested.pth", want: "nested.json", metadata: metadata},
		{file: "nested.th", want: "nested.json", metadata: metadata},
	} {
		f, err := weights.Read(filepath.Join("testdata", test.file))
		if err != nil {
			t.Errorf("%s: %v", test.file, err)
			continue
		}
		var want []described
		readJSON(t, test.want, &want)
		if diff := cmp.Diff(want, describe(t, f), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.file, diff)
		}
		if diff := cmp.Diff(test.metadata, f.Metadata); diff != "" {
			t.Errorf("%s: metadata (-want +got):\n%s", test.file, diff)
		}
	}
}

// digest is make.py's hash of a real file.
func digest(f *weights.File) string {
	h := sha256.New()
	for _, t := range f.Tensors {
		shape, _ := json.Marshal(t.Shape) // Integers always have a JSON form.
		fmt.Fprintf(h, "%s %s %s\n", t.Name, t.DType, strings.ReplaceAll(string(shape), ",", ", "))
		h.Write(t.Data)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Real networks, hashed by PyTorch. EfficientNet's convolutions are stored channels-last.
func TestReadRealNetworks(t *testing.T) {
	var want map[string]string
	readJSON(t, "models.json", &want)
	if len(want) != 5 {
		t.Fatalf("models.json lists %d networks, want 5", len(want))
	}
	for name, hash := range want {
		f, err := weights.Read(shared.Path(t, "models", filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
		} else if got := digest(f); got != hash {
			t.Errorf("%s: the tensors' hash is %s, want %s", name, got, hash)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for _, test := range []struct{ file, want string }{
		{file: "system.pth", want: `"posix.system", which is refused`},
		{file: "system.th", want: `"posix.system", which is refused`},
		{file: "system.pickle", want: `"posix.system", which is refused`},
		{file: "tensor.pth", want: "it holds a single tensor, want a dict of tensors"},
		{file: "no_tensors.pth", want: `no tensors in its dict, whose keys are "net", "lr"`},
		{file: "make.py", want: "neither PyTorch nor safetensors"},
		{file: "absent.pth", want: "no such file"},
		{file: "../testdata", want: "a folder or a device"},
	} {
		_, err := weights.Read(filepath.Join("testdata", test.file))
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), filepath.Base(test.file)) {
			t.Errorf("%s: got error %v, want %q", test.file, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: the error has more than one line: %v", test.file, err)
		}
	}
}

// Every file, cut at every byte, gives an error that says so.
func TestTruncated(t *testing.T) {
	f, err := weights.Read("testdata/nested.th")
	if err != nil {
		t.Fatal(err)
	}
	safetensors := encode(t, f, weights.Safetensors)
	files := map[string][]byte{"safetensors": safetensors}
	for _, name := range []string{"state.pth", "state.th", "nested.pth", "nested.th", "protocol4.th"} {
		if files[name], err = os.ReadFile(filepath.Join("testdata", name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range files {
		for size := range len(data) {
			if _, err := weights.Parse(data[:size]); !errors.Is(err, weights.ErrTruncated) {
				t.Fatalf("%s cut to %d of %d bytes: got error %v, want ErrTruncated", name, size, len(data), err)
			}
		}
	}
}

func TestReadTruncatedNamesFileAndPlace(t *testing.T) {
	data, err := os.ReadFile("testdata/state.th")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "short.th")
	if err := os.WriteFile(path, data[:len(data)-5], 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = weights.Read(path)
	for _, want := range []string{"short.th", "storage", "at byte", "truncated"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %q in it", err, want)
		}
	}
}
