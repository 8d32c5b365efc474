//go:build cgo && !noxla && (amd64 || arm64)

package backend_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/lowprec/lpnets/lpq/backend"
)

// childEnv makes the test binary run the convolutions and print its page faults, instead of testing.
const childEnv = "LPQ_TEST_MEMORY_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		if err := reportFaults(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// reportFaults prints the minor page faults and milliseconds per step of a graph of 3 convolutions and their gradients.
func reportFaults() error {
	b, err := backend.Open(backend.Options{Config: "xla:cpu"})
	if err != nil {
		return err
	}
	step, input, err := convolutions(b, 3)
	if err != nil {
		return err
	}
	const warm, steps = 2, 3
	var before syscall.Rusage
	var start time.Time
	for i := range warm + steps {
		if i == warm {
			start = time.Now()
			if err := syscall.Getrusage(syscall.RUSAGE_SELF, &before); err != nil {
				return err
			}
		}
		out, err := step.Call(input)
		if err != nil {
			return err
		}
		for _, t := range out {
			if err := t.FinalizeAll(); err != nil {
				return err
			}
		}
	}
	var after syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &after); err != nil {
		return err
	}
	fmt.Printf("%d %d %d\n", (after.Minflt-before.Minflt)/steps, time.Since(start).Milliseconds()/steps, after.Maxrss/1024)
	return nil
}

// convolutions builds a step like one of training: n convolutions 3x3 of images [128, 32, 32, 16], and the gradients
// to their kernels.
func convolutions(b compute.Backend, n int) (*Exec, *tensors.Tensor, error) {
	step, err := NewExec(b, func(x *Node) []*Node {
		g := x.Graph()
		var kernels []*Node
		for range n {
			k := MulScalar(IotaFull(g, shapes.Make(dtypes.Float32, 3, 3, 16, 16)), 1e-4)
			kernels = append(kernels, k)
			x = MaxScalar(Convolve(x, k).PadSame().Done(), 0)
		}
		return Gradient(ReduceAllMean(x), kernels...)
	})
	return step, tensors.FromShape(shapes.Make(dtypes.Float32, 128, 32, 32, 16)), err
}

// The settings of memory_linux.c keep XLA's buffers: almost no page faults, where the system's malloc has thousands.
func TestMemoryIsKept(t *testing.T) {
	if testing.Short() {
		t.Skip("runs 10 training steps")
	}
	kept, system := childFaults(t, ""), childFaults(t, "system")
	t.Logf("page faults per step: %d with our settings, %d with LPQ_MALLOC=system", kept, system)
	if kept*20 > system {
		t.Errorf("%d page faults per step with our settings, %d without: want less than a twentieth", kept, system)
	}
}

// childFaults runs the convolutions in a process of their own, for the settings are made when it starts.
func childFaults(t *testing.T, malloc string) (faults int64) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=1", "LPQ_MALLOC="+malloc)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("LPQ_MALLOC=%s: %v\n%s", malloc, err, stderr.String())
	}
	var ms, rss int64
	if _, err := fmt.Sscan(string(out), &faults, &ms, &rss); err != nil {
		t.Fatalf("LPQ_MALLOC=%s printed %q: %v", malloc, out, err)
	}
	t.Logf("LPQ_MALLOC=%q: %d page faults and %d ms a step, %d MB at most", malloc, faults, ms, rss)
	return faults
}
