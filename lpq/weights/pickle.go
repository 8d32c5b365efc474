package weights

import (
	"bytes"
	"strings"

	"github.com/pkg/errors"
)

// The instructions of pickle that PyTorch's files use, of protocols 2 to 5; see Python's pickletools.
const (
	opProto           = 0x80
	opFrame           = 0x95
	opStop            = '.'
	opMark            = '('
	opPop             = '0'
	opNone            = 'N'
	opTrue            = 0x88
	opFalse           = 0x89
	opBinInt          = 'J'
	opBinInt1         = 'K'
	opBinInt2         = 'M'
	opLong1           = 0x8a
	opBinFloat        = 'G'
	opBinUnicode      = 'X'
	opShortBinUnicode = 0x8c
	opBinUnicode8     = 0x8d
	opBinString       = 'T'
	opShortBinString  = 'U'
	opBinBytes        = 'B'
	opShortBinBytes   = 'C'
	opEmptyList       = ']'
	opAppend          = 'a'
	opAppends         = 'e'
	opEmptyTuple      = ')'
	opTuple           = 't'
	opTuple1          = 0x85
	opTuple2          = 0x86
	opTuple3          = 0x87
	opEmptyDict       = '}'
	opSetItem         = 's'
	opSetItems        = 'u'
	opBinPut          = 'q'
	opLongBinPut      = 'r'
	opMemoize         = 0x94
	opBinGet          = 'h'
	opLongBinGet      = 'j'
	opGlobal          = 'c'
	opStackGlobal     = 0x93
	opReduce          = 'R'
	opNewObj          = 0x81
	opBuild           = 'b'
	opBinPersID       = 'Q'
)

// maxInstructions bounds the memory of a pickle: an instruction takes at most some 150 bytes. A state dict needs 30 to 50 per tensor.
const maxInstructions = 1 << 21

// The values that a pickle is made of: nil, bool, int64, float64, string, and these.
type (
	pyTuple []any
	pyList  struct{ items []any }
	// pyDict keeps the order of its entries, and entries whose keys repeat.
	pyDict  struct{ entries []pyEntry }
	pyEntry struct{ key, value any }
	pyBytes string
	// bigInt is an integer of more than 8 bytes: little-endian, two's complement.
	bigInt string
)

// unpickler is the machine that runs a pickle: a stack, marks in it, and a memo.
//
// It is PyTorch's own restricted machine (torch/_weights_only_unpickler.py), and knows of the outside only what find and
// persistent return. github.com/nlpodyssey/gopickle is not used (but tests compare with it): its machine panics on some inputs
// (opcode 255, a dict with a key but no value, unhashable keys), allocates any length that a string claims, and resolves five
// globals by itself before it asks FindClass.
type unpickler struct {
	data       []byte
	pos        int
	base       int                            // Where data begin in the file, for messages.
	find       func(name string) (any, error) // "module.name" to a global.
	persistent func(id pyTuple) (any, error)  // A storage; nil where none can be.
	stack      []any
	marks      []int // Heights of the stack.
	memo       map[uint32]any
	err        error // The first failure. After it, reading and popping give zero values.
}

// load runs one pickle and leaves pos behind it.
func (u *unpickler) load() (any, error) {
	u.stack, u.marks, u.memo = nil, nil, map[uint32]any{}
	for range maxInstructions {
		start := u.pos
		op := u.byte()
		if op == opStop && u.err == nil {
			value := u.pop()
			return value, u.err
		}
		run, known := instructions[op]
		if !known && u.err == nil {
			u.fail("instruction %#02x is not one of PyTorch's; was it saved with another program, or with pickle_protocol 0 or 1?", op)
		}
		if u.err == nil {
			run(u)
		}
		if u.err != nil {
			return nil, errors.WithMessagef(u.err, "pickle, byte %d", u.base+start)
		}
	}
	return nil, errors.Errorf("the pickle has more than %d instructions", maxInstructions)
}

func (u *unpickler) fail(format string, args ...any) {
	if u.err == nil {
		u.err = errors.Errorf(format, args...)
	}
}

// take returns the next n bytes, without copying them; nil after a failure.
func (u *unpickler) take(n uint64) []byte {
	if left := len(u.data) - u.pos; u.err == nil && n > uint64(left) {
		u.err = errors.Wrapf(ErrTruncated, "%d more bytes wanted, %d are there", n, left)
	}
	if u.err != nil {
		return nil
	}
	taken := u.data[u.pos : u.pos+int(n)]
	u.pos += int(n)
	return taken
}

func (u *unpickler) byte() byte { return byte(u.uint(1)) }

// uint reads a little-endian number of size bytes, at most 8.
func (u *unpickler) uint(size uint64) uint64 {
	value := uint64(0)
	for i, b := range u.take(size) {
		value |= uint64(b) << (8 * i)
	}
	return value
}

// line reads up to the next newline, which it drops.
func (u *unpickler) line() string {
	size := bytes.IndexByte(u.data[u.pos:], '\n') + 1
	if size == 0 {
		size = len(u.data) - u.pos + 1 // Fails: truncated.
	}
	return strings.TrimSuffix(string(u.take(uint64(size))), "\n")
}

func (u *unpickler) push(value any) { u.stack = append(u.stack, value) }

// floor is the height below which nothing can be popped.
func (u *unpickler) floor() int {
	if len(u.marks) == 0 {
		return 0
	}
	return u.marks[len(u.marks)-1]
}

func (u *unpickler) pop() any {
	value := u.top()
	if u.err == nil {
		u.stack = u.stack[:len(u.stack)-1]
	}
	return value
}

func (u *unpickler) top() any {
	if len(u.stack) <= u.floor() {
		u.fail("the stack is empty")
	}
	if u.err != nil {
		return nil
	}
	return u.stack[len(u.stack)-1]
}

// popMark removes the topmost mark and returns a copy of what lay above it.
func (u *unpickler) popMark() []any {
	if len(u.marks) == 0 {
		u.fail("there is no mark on the stack")
	}
	if u.err != nil {
		return nil
	}
	floor := u.floor()
	items := append([]any{}, u.stack[floor:]...)
	u.stack, u.marks = u.stack[:floor], u.marks[:len(u.marks)-1]
	return items
}

// popTuple makes a tuple of the n topmost values.
func (u *unpickler) popTuple(n int) {
	tuple := make(pyTuple, n)
	for i := range tuple {
		tuple[n-1-i] = u.pop()
	}
	u.push(tuple)
}
