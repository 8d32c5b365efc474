//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64))

package programs_test

import (
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/lowprec/lpnets/internal/programs"
	"github.com/lowprec/lpnets/lpq/backend"
)

// A program is compiled once for all who run it on an engine, whoever has finished with it; an engine that is closed takes its own along.
func TestProgramsAreShared(t *testing.T) {
	open := func() engine {
		b, err := backend.Open(backend.Options{Config: "xla:cpu"})
		if err != nil {
			t.Fatal(err)
		}
		return engine{b, t}
	}
	one, two := open(), open()
	first, second, other := one.plus(2), one.plus(2), one.plus(3)
	one.check(first, 2, 1)
	one.check(second, 2, 1)
	one.check(other, 3, 2)
	first.Finalize()
	one.check(second, 2, 2)
	second.Finalize()
	third := one.plus(2)
	one.check(third, 2, 2) // it was kept
	third.Finalize()
	apart := two.plus(2)
	two.check(apart, 2, 3)
	one.Finalize()
	two.check(apart, 2, 2) // and the other one, which is still used
	other.Finalize()
	two.check(apart, 2, 1)
	apart.Finalize()
	two.Finalize()
	if n := programs.Count(); n != 0 {
		t.Errorf("%d programs are left when all engines are closed", n)
	}
}

type engine struct {
	compute.Backend
	t *testing.T
}

// plus is a program that adds n.
func (e engine) plus(n float32) *Exec {
	return MustNewExec(e.Backend, func(x *Node) *Node { return AddScalar(x, n) })
}

// check runs a program, after which there must be so many in memory.
func (e engine) check(exec *Exec, n float32, count int) {
	e.t.Helper()
	if got := tensors.ToScalar[float32](exec.MustCall(float32(40))[0]); got != 40+n {
		e.t.Errorf("40 + %g = %g", n, got)
	}
	if got := programs.Count(); got != count {
		e.t.Errorf("%d programs, want %d", got, count)
	}
}
