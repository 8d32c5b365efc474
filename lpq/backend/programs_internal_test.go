//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64))

package backend

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// A program is compiled once for all who run it, whoever has finished with it, and another one for itself.
func TestProgramsAreShared(t *testing.T) {
	opened, err := Open(Options{Config: "xla:cpu"})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Finalize()
	e := opened.(*engine)
	plus := func(n float32) *Exec {
		return MustNewExec(e, func(x *Node) *Node { return AddScalar(x, n) })
	}
	check := func(exec *Exec, n float32, compiled int) {
		t.Helper()
		if got := tensors.ToScalar[float32](exec.MustCall(float32(40))[0]); got != 40+n {
			t.Errorf("40 + %g = %g", n, got)
		}
		if got := len(e.programs.all); got != compiled {
			t.Errorf("%d programs, want %d", got, compiled)
		}
	}
	first, second, other := plus(2), plus(2), plus(3)
	check(first, 2, 1)
	check(second, 2, 1)
	check(other, 3, 2)
	first.Finalize()
	check(second, 2, 2)
	second.Finalize()
	check(plus(2), 2, 2) // it was kept
}

// A program whose users were forgotten, not finalized, is used by nothing.
func TestForgottenPrograms(t *testing.T) {
	var p programs
	freed := 0
	if _, err := p.use([sha256.Size]byte{}, func() (compute.Executable, error) { return counted{freed: &freed}, nil }); err != nil {
		t.Fatal(err)
	}
	idle := func() int {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		return len(p.idle)
	}
	for range 100 {
		if runtime.GC(); idle() == 1 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d idle programs, want 1", idle())
}

// counted is an executable that counts how often it was freed.
type counted struct {
	compute.Executable
	freed *int
}

func (c counted) Finalize() { *c.freed++ }

// Programs that nothing uses are freed in the order in which they fell out of use, and used ones never.
func TestIdlePrograms(t *testing.T) {
	const n = maxIdle + 3
	var p programs
	var freed [n]int
	use := func(i int) compute.Executable {
		e, err := p.use(sha256.Sum256(fmt.Append(nil, i)), func() (compute.Executable, error) { return counted{freed: &freed[i]}, nil })
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	var users []compute.Executable
	for i := range n {
		users = append(users, use(i))
	}
	again := use(0)
	for _, u := range users {
		u.Finalize()
		u.Finalize() // as if it were once
	}
	var want [n]int
	want[1], want[2] = 1, 1 // not 0, which is still used
	if freed != want {
		t.Errorf("freed %v, want %v", freed, want)
	}
	again.Finalize()
	want[3] = 1
	if freed != want {
		t.Errorf("freed %v, want %v", freed, want)
	}
	if p.clear(); len(p.all) != 0 || len(p.idle) != 0 {
		t.Errorf("%d programs are left", len(p.all))
	}
}

// What cannot be compiled is nobody's program.
func TestProgramFails(t *testing.T) {
	var p programs
	_, err := p.use([sha256.Size]byte{}, func() (compute.Executable, error) { return nil, fmt.Errorf("no") })
	if err == nil || len(p.all) != 0 {
		t.Errorf("error %v, %d programs", err, len(p.all))
	}
}
