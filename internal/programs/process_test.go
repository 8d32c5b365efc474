//go:build cgo && !noxla && linux && (amd64 || arm64)

package programs_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/lowprec/lpnets/lpq/backend"
	"github.com/lowprec/lpnets/lpq/quant"
)

// childEnv makes the test binary run the graph with a number and print the sum of its results, instead of testing.
const childEnv = "LPQ_TEST_PROGRAMS_CHILD"

func TestMain(m *testing.M) {
	if number := os.Getenv(childEnv); number != "" {
		if err := runGraph(number); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// runGraph prints the SHA-256 of a 4-bit convolution's gradient to its kernel, times a number.
func runGraph(number string) error {
	var n float64
	if _, err := fmt.Sscan(number, &n); err != nil {
		return err
	}
	b, err := backend.Open(backend.Options{Config: "xla:cpu"})
	if err != nil {
		return err
	}
	defer b.Finalize()
	step, err := NewExec(b, func(x, w *Node) *Node {
		low := quant.FakeQuantizeWeight(w, 4, quant.WeightExponent(w, 4, quant.RuleMSE, quant.PerTensor))
		y := quant.ReLU(Convolve(x, low).PadSame().Done())
		return MulScalar(Gradient(ReduceAllSum(Sqrt(AddScalar(y, 1))), w)[0], n)
	})
	if err != nil {
		return err
	}
	out, err := step.Call(random(4, 8, 8, 16), random(3, 3, 16, 16))
	if err != nil {
		return err
	}
	sum := sha256.New()
	if err := binary.Write(sum, binary.LittleEndian, tensors.MustCopyFlatData[float32](out[0])); err != nil {
		return err
	}
	fmt.Printf("%x\n", sum.Sum(nil))
	return nil
}

// random has some values of both signs.
func random(dims ...int) *tensors.Tensor {
	values := make([]float32, shapes.Make(dtypes.Float32, dims...).Size())
	for i := range values {
		values[i] = float32(i*7919%1009)/1009 - 0.5
	}
	return tensors.FromFlatDataAndDimensions(values, dims...)
}

// The next process takes a program from the folder instead of compiling it, with the same results to the bit; a file that is
// damaged, or no program, is as good as none, and is replaced.
func TestNextProcess(t *testing.T) {
	withOneDNN(t, "false") // whose programs XLA cannot write down
	folder := t.TempDir()
	alone := child(t, "off", 1)
	first := child(t, folder, 1)
	ones := files(t, folder)
	if len(ones) == 0 {
		t.Fatal("the first process has kept no program")
	}
	if second := child(t, folder, 1); first != alone || second != alone {
		t.Errorf("results have sums %s compiled, %s kept and %s loaded, want the same", alone, first, second)
	}
	if again := files(t, folder); len(again) != len(ones) {
		t.Errorf("%d programs after the second process, %d after the first", len(again), len(ones))
	}

	// A file with the program of another number: who loads it computes the other's result.
	twice := child(t, folder, 2)
	if twice == alone {
		t.Fatal("both numbers have one result")
	}
	for path := range ones {
		for other, data := range files(t, folder) {
			if _, old := ones[other]; !old {
				put(t, path, data)
			}
		}
	}
	if got := child(t, folder, 1); got != twice {
		t.Errorf("the file was not read: the result has the sum %s, want that of the file's program, %s", got, twice)
	}

	garbage := bytes.Repeat([]byte("no program "), 1000)
	sum := sha256.Sum256(garbage)
	for _, bad := range [][]byte{nil, garbage, append(sum[:], garbage...)} {
		for path := range ones {
			put(t, path, bad)
		}
		if got := child(t, folder, 1); got != alone {
			t.Errorf("with a bad file the result has the sum %s, want %s", got, alone)
		}
		for path := range ones {
			if data := files(t, folder)[path]; bytes.Equal(data, bad) {
				t.Errorf("a bad file of %d bytes is still there", len(bad))
			}
		}
	}
}

// A program that calls oneDNN is compiled by every process: to write it down ends it.
func TestOneDNN(t *testing.T) {
	withOneDNN(t, "true")
	folder := t.TempDir()
	if first, second := child(t, folder, 1), child(t, folder, 1); first != second {
		t.Errorf("results have sums %s and %s, want the same", first, second)
	}
}

// withOneDNN lets XLA call oneDNN, or not, where the plugin has it.
func withOneDNN(t *testing.T, value string) {
	t.Helper()
	const flag = "--xla_cpu_experimental_onednn_custom_call="
	b, err := backend.Open(backend.Options{Config: "xla:cpu"})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	if strings.Contains(backend.Flags(b), flag) { // another plugin ends the process over a flag that it does not know
		t.Setenv("XLA_FLAGS", os.Getenv("XLA_FLAGS")+" "+flag+value)
	}
}

// child runs the graph in a process of its own, with a folder of programs, and returns what it prints.
func child(t *testing.T, folder string, number int) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", childEnv, number), "LPQ_PROGRAMS="+folder)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || len(out) != 2*sha256.Size+1 {
		t.Fatalf("LPQ_PROGRAMS=%s printed %q: %v\n%s", folder, out, err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// files are the contents of a folder's files, by their paths.
func files(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, path := range paths {
		if all[path], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func put(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
