package weights_test

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/pytorch"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/lowprec/lpnets/lpq/weights"
)

// debianPython is where Debian's and Ubuntu's package python3-torch puts PyTorch.
const debianPython = "/usr/bin/python3"

// dumpTensors prints what PyTorch finds in files: one line for a tensor, one for a piece of metadata.
const dumpTensors = `
import sys, torch
types = dict(float64="F64", float32="F32", float16="F16", bfloat16="BF16", int64="I64", int32="I32", int16="I16", int8="I8", uint8="U8", bool="BOOL")
for path in sys.argv[1:]:
    d = torch.load(path, weights_only=True)
    for k, v in d.get("state_dict", d).items():
        assert v.is_contiguous()
        raw = v.view(torch.int16) if v.dtype == torch.bfloat16 else v
        print(repr(k), types[str(v.dtype).removeprefix("torch.")], list(v.shape), raw.numpy().tobytes().hex())
    if "state_dict" in d:
        for k in sorted(d.keys() - {"state_dict"}):
            print(repr(k), repr(d[k]))
`

func dump(f *weights.File) string {
	var b strings.Builder
	for _, t := range f.Tensors {
		fmt.Fprintf(&b, "'%s' %s %s %x\n", t.Name, t.DType, strings.ReplaceAll(fmt.Sprint(t.Shape), " ", ", "), t.Data)
	}
	for _, key := range []string{"a", "b"} {
		if value, ok := f.Metadata[key]; ok {
			fmt.Fprintf(&b, "'%s' '%s'\n", key, value)
		}
	}
	return b.String()
}

// PyTorch itself reads what is written, with its safe loader.
func TestTorchReads(t *testing.T) {
	if testing.Short() {
		t.Skip("starts PyTorch, which takes seconds")
	}
	if out, err := exec.Command(debianPython, "-c", "import torch").CombinedOutput(); err != nil {
		t.Skipf("%s has no PyTorch (Debian's package python3-torch), which reads the files back: %v %s", debianPython, err, out)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	fixture, err := weights.Read("testdata/state.th")
	if err != nil {
		t.Fatal(err)
	}
	files := []*weights.File{fixture, {}}
	for range 5 {
		f := randomFile(rng)
		for i := range f.Tensors {
			f.Tensors[i].Name = fmt.Sprintf("layer%d.weight", i)
		}
		f.Metadata = map[string]string{"a": "w4a4", "b": ""}
		files = append(files, f)
	}
	args, want := []string{"-c", dumpTensors}, ""
	for i, f := range files {
		for _, extension := range []string{".pth", ".th"} {
			path := filepath.Join(t.TempDir(), fmt.Sprint(i)+extension)
			if err := weights.Write(path, f); err != nil {
				t.Fatal(err)
			}
			args, want = append(args, path), want+dump(f)
		}
	}
	out, err := exec.Command(debianPython, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if string(out) != want {
		t.Errorf("PyTorch reads\n%s\nwant\n%s", out, want)
	}
}

// Another implementation of PyTorch's forms reads what is written, where PyTorch itself is not at hand.
func TestTorchAgainstLibrary(t *testing.T) {
	want, err := weights.NewFloat32("conv.weight", []int{2, 3}, []float32{1, 2, 3, 4, 5, 6})
	if err != nil {
		t.Fatal(err)
	}
	step, err := weights.NewInt64("step", nil, []int64{-7})
	if err != nil {
		t.Fatal(err)
	}
	for _, extension := range []string{".pth", ".th"} {
		path := filepath.Join(t.TempDir(), "a"+extension)
		if err := weights.Write(path, &weights.File{Tensors: []weights.Tensor{want, step}}); err != nil {
			t.Fatal(err)
		}
		object, err := pytorch.Load(path)
		if err != nil {
			t.Fatalf("%s: %v", extension, err)
		}
		dict := object.(*types.OrderedDict)
		conv := dict.MustGet("conv.weight").(*pytorch.Tensor)
		if got := fmt.Sprint(conv.Size, conv.Stride, conv.Source.(*pytorch.FloatStorage).Data); got != "[2 3] [3 1] [1 2 3 4 5 6]" {
			t.Errorf("%s: the library finds %s", extension, got)
		}
		n := dict.MustGet("step").(*pytorch.Tensor)
		if got := fmt.Sprint(n.Size, n.Source.(*pytorch.LongStorage).Data); got != "[] [-7]" {
			t.Errorf("%s: the library finds %s", extension, got)
		}
	}
}
