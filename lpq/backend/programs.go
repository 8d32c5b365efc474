//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64))

package backend

import (
	"bytes"
	"crypto/sha256"
	"reflect"
	"runtime"
	"slices"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/stablehlo"
	"github.com/pkg/errors"
)

// engine is XLA, and compiles no program twice: the runs of a sweep, each of which makes its network and training anew,
// have most programs in common, and compiling one takes seconds.
type engine struct {
	*xla.Backend
	programs programs
}

// Builder is the backend's, whose Compile finds what was compiled before.
func (e *engine) Builder(name string) compute.Builder {
	return &builder{Builder: e.Backend.Builder(name), engine: e}
}

// BufferFromFlatData is the backend's, with a buffer that names this engine, as GoMLX demands.
func (e *engine) BufferFromFlatData(device compute.DeviceNum, flat any, shape shapes.Shape) (compute.Buffer, error) {
	return e.wrap(e.Backend.BufferFromFlatData(device, flat, shape))
}

// NewSharedBuffer is the backend's, with a buffer that names this engine.
func (e *engine) NewSharedBuffer(device compute.DeviceNum, shape shapes.Shape) (compute.Buffer, any, error) {
	b, flat, err := e.Backend.NewSharedBuffer(device, shape)
	b, err = e.wrap(b, err)
	return b, flat, err
}

func (e *engine) wrap(b compute.Buffer, err error) (compute.Buffer, error) {
	if err != nil {
		return nil, err
	}
	return &buffer{b, e}, nil
}

// buffer is one of the backend's that names the engine as its owner.
type buffer struct {
	compute.Buffer
	engine *engine
}

func (b *buffer) Backend() compute.Backend { return b.engine }

func (b *buffer) CopyToDevice(device compute.DeviceNum) (compute.Buffer, error) {
	return b.engine.wrap(b.Buffer.CopyToDevice(device))
}

// Finalize frees the programs that nothing uses, and the backend.
func (e *engine) Finalize() {
	e.programs.clear()
	e.Backend.Finalize()
}

// builder of a program. On several devices, or on a chosen one, it compiles every time.
type builder struct {
	compute.Builder
	engine *engine
	placed bool // on devices that the program does not name
}

func (b *builder) DistributedSPMD(numDevices int) error {
	b.placed = true
	return b.Builder.DistributedSPMD(numDevices)
}

func (b *builder) DistributedAutoSharding(meshes ...compute.Mesh) error {
	b.placed = true
	return b.Builder.DistributedAutoSharding(meshes...)
}

func (b *builder) DeviceAssignment(devices ...compute.DeviceNum) error {
	b.placed = true
	return b.Builder.DeviceAssignment(devices...)
}

func (b *builder) Compile() (compute.Executable, error) {
	compile := b.Builder.Compile
	if !b.placed {
		if text := b.text(); text != nil {
			compile = func() (compute.Executable, error) {
				return b.engine.programs.use(sha256.Sum256(text), b.Builder.Compile)
			}
		}
	}
	compiled, err := compile()
	if err != nil {
		return nil, err
	}
	return &executable{compiled, b.engine}, nil
}

// executable is one of the backend's that takes and returns the engine's buffers.
type executable struct {
	compute.Executable
	engine *engine
}

func (e *executable) Execute(inputs []compute.Buffer, donate []bool, device compute.DeviceNum) ([]compute.Buffer, error) {
	bare := make([]compute.Buffer, len(inputs))
	for i, input := range inputs {
		b, ok := input.(*buffer)
		if !ok || b.engine != e.engine {
			return nil, errors.Errorf("input %d of %d belongs to another engine", i, len(inputs))
		}
		bare[i] = b.Buffer
	}
	outputs, err := e.Executable.Execute(bare, donate, device)
	runtime.KeepAlive(e) // whose program is freed after it
	for i, output := range outputs {
		outputs[i] = &buffer{output, e.engine}
	}
	return outputs, err
}

// text is the program in StableHLO, without its first line, which names it; nil if it is not to be had: go-xla has no
// method that returns it, and compiles from what its field holds.
func (b *builder) text() []byte {
	field := reflect.Indirect(reflect.ValueOf(b.Builder)).FieldByName("builder")
	if !field.IsValid() || field.Type() != reflect.TypeFor[*stablehlo.Builder]() || field.IsNil() {
		return nil
	}
	text, err := (*stablehlo.Builder)(field.UnsafePointer()).Build()
	if err != nil {
		return nil // Compile says what is wrong
	}
	_, body, _ := bytes.Cut(text, []byte("\n"))
	return body
}

// maxIdle is how many programs are kept that nothing uses.
const maxIdle = 32

// programs are those of an engine that are used, and the last that were. The zero value has none.
type programs struct {
	mutex sync.Mutex
	all   map[[sha256.Size]byte]*program // by the sum of their text
	idle  []*program                     // used by nothing, for the longest time first
}

type program struct {
	compute.Executable
	sum   [sha256.Size]byte
	users int
}

// use returns the program of a sum; compile makes it if there is none.
func (p *programs) use(sum [sha256.Size]byte, compile func() (compute.Executable, error)) (compute.Executable, error) {
	if u := p.join(sum, nil); u != nil {
		return u, nil
	}
	compiled, err := compile()
	if err != nil {
		return nil, err
	}
	return p.join(sum, compiled), nil
}

// join makes a user of the program of a sum, which is the compiled one if there was none, and nil if that is.
func (p *programs) join(sum [sha256.Size]byte, compiled compute.Executable) compute.Executable {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	found := p.all[sum]
	switch {
	case found == nil && compiled == nil:
		return nil
	case found == nil:
		found = &program{Executable: compiled, sum: sum}
		if p.all == nil {
			p.all = map[[sha256.Size]byte]*program{}
		}
		p.all[sum] = found
	case compiled != nil: // somebody was faster
		compiled.Finalize()
	}
	p.idle = slices.DeleteFunc(p.idle, func(q *program) bool { return q == found })
	found.users++
	u := &user{program: found, release: sync.OnceFunc(func() { p.release(found) })}
	runtime.AddCleanup(u, func(release func()) { release() }, u.release)
	return u
}

// release takes a user from a program, and frees the one that was not used for the longest time if there are too many.
func (p *programs) release(r *program) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if r.users--; r.users > 0 {
		return
	}
	if p.idle = append(p.idle, r); len(p.idle) > maxIdle {
		delete(p.all, p.idle[0].sum)
		p.idle[0].Finalize()
		p.idle = slices.Delete(p.idle, 0, 1)
	}
}

// clear frees the programs that nothing uses.
func (p *programs) clear() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, r := range p.idle {
		delete(p.all, r.sum)
		r.Finalize()
	}
	p.idle = nil
}

// user is one of those who run a program. Finalizing it, or forgetting it, leaves the others theirs.
type user struct {
	*program
	release func()
}

func (u *user) Finalize() { u.release() }
