package weights

import (
	"math"
)

// instructions says what each instruction does, all but opStop.
var instructions = map[byte]func(*unpickler){
	opProto: func(u *unpickler) { u.byte() },
	opFrame: func(u *unpickler) { u.uint(8) }, // Frames help readers of pipes; their lengths mean nothing here.
	opMark:  func(u *unpickler) { u.marks = append(u.marks, len(u.stack)) },
	opPop:   func(u *unpickler) { u.pop() },

	opNone:     func(u *unpickler) { u.push(nil) },
	opTrue:     func(u *unpickler) { u.push(true) },
	opFalse:    func(u *unpickler) { u.push(false) },
	opBinInt:   func(u *unpickler) { u.push(int64(int32(u.uint(4)))) },
	opBinInt1:  func(u *unpickler) { u.push(int64(u.uint(1))) },
	opBinInt2:  func(u *unpickler) { u.push(int64(u.uint(2))) },
	opLong1:    runLong,
	opBinFloat: runFloat,

	opBinUnicode:      func(u *unpickler) { u.push(string(u.take(u.uint(4)))) },
	opShortBinUnicode: func(u *unpickler) { u.push(string(u.take(u.uint(1)))) },
	opBinUnicode8:     func(u *unpickler) { u.push(string(u.take(u.uint(8)))) },
	opBinString:       func(u *unpickler) { u.push(string(u.take(u.uint(4)))) }, // Python 2's str.
	opShortBinString:  func(u *unpickler) { u.push(string(u.take(u.uint(1)))) },
	opBinBytes:        func(u *unpickler) { u.push(pyBytes(u.take(u.uint(4)))) },
	opShortBinBytes:   func(u *unpickler) { u.push(pyBytes(u.take(u.uint(1)))) },

	opEmptyList:  func(u *unpickler) { u.push(&pyList{}) },
	opAppend:     func(u *unpickler) { u.extend([]any{u.pop()}) },
	opAppends:    func(u *unpickler) { u.extend(u.popMark()) },
	opEmptyTuple: func(u *unpickler) { u.popTuple(0) },
	opTuple:      func(u *unpickler) { u.push(pyTuple(u.popMark())) },
	opTuple1:     func(u *unpickler) { u.popTuple(1) },
	opTuple2:     func(u *unpickler) { u.popTuple(2) },
	opTuple3:     func(u *unpickler) { u.popTuple(3) },
	opEmptyDict:  func(u *unpickler) { u.push(&pyDict{}) },
	opSetItem:    runSetItem,
	opSetItems:   func(u *unpickler) { u.setItems(u.popMark()) },

	opBinPut:     func(u *unpickler) { u.put(uint32(u.uint(1))) },
	opLongBinPut: func(u *unpickler) { u.put(uint32(u.uint(4))) },
	opMemoize:    func(u *unpickler) { u.put(uint32(len(u.memo))) },
	opBinGet:     func(u *unpickler) { u.get(uint32(u.uint(1))) },
	opLongBinGet: func(u *unpickler) { u.get(uint32(u.uint(4))) },

	opGlobal:      runGlobal,
	opStackGlobal: runStackGlobal,
	opReduce:      runCall,
	opNewObj:      runCall,
	opBuild:       runBuild,
	opBinPersID:   runPersistent,
}

func runLong(u *unpickler) {
	digits := u.take(u.uint(1))
	if len(digits) > 8 {
		u.push(bigInt(digits))
		return
	}
	value := int64(0)
	for i, b := range digits {
		value |= int64(b) << (8 * i)
	}
	unused := 64 - 8*len(digits)
	u.push(value << unused >> unused) // Extends the sign.
}

func runFloat(u *unpickler) {
	bits := uint64(0)
	for _, b := range u.take(8) { // The only big-endian number.
		bits = bits<<8 | uint64(b)
	}
	u.push(math.Float64frombits(bits))
}

// extend appends items to the list below them.
func (u *unpickler) extend(items []any) {
	list, ok := u.top().(*pyList)
	if !ok {
		u.fail("appends to something other than a list")
		return
	}
	list.items = append(list.items, items...)
}

func runSetItem(u *unpickler) {
	value := u.pop()
	key := u.pop()
	u.setItems([]any{key, value})
}

// setItems adds keys and values, in turn, to the dict below them.
func (u *unpickler) setItems(items []any) {
	dict, ok := u.top().(*pyDict)
	if !ok || len(items)%2 != 0 {
		u.fail("adds entries to something other than a dict, or keys without values")
		return
	}
	for i := 0; i < len(items); i += 2 {
		dict.entries = append(dict.entries, pyEntry{items[i], items[i+1]})
	}
}

func (u *unpickler) put(slot uint32) {
	if value := u.top(); u.err == nil {
		u.memo[slot] = value
	}
}

func (u *unpickler) get(slot uint32) {
	value, ok := u.memo[slot]
	if !ok {
		u.fail("memo %d is empty", slot)
	}
	u.push(value)
}

func runGlobal(u *unpickler) {
	module := u.line()
	name := u.line()
	u.pushGlobal(module, name)
}

func runStackGlobal(u *unpickler) {
	name, nameOK := u.pop().(string)
	module, moduleOK := u.pop().(string)
	if !nameOK || !moduleOK {
		u.fail("a global without a name")
	}
	u.pushGlobal(module, name)
}

func (u *unpickler) pushGlobal(module, name string) {
	if u.err != nil {
		return
	}
	var value any
	value, u.err = u.find(module + "." + name)
	u.push(value)
}

// runCall calls a global with a tuple of arguments, both on the stack.
func runCall(u *unpickler) {
	args, argsOK := u.pop().(pyTuple)
	callee, calleeOK := u.pop().(global)
	if !argsOK || !calleeOK || callee.call == nil {
		u.fail("calls something other than a function that rebuilds tensors")
	}
	if u.err != nil {
		return
	}
	var value any
	value, u.err = callee.call(args)
	u.push(value)
}

// runBuild drops the attributes that an OrderedDict carries beside its entries (a state dict's `_metadata`).
func runBuild(u *unpickler) {
	u.pop()
	if _, ok := u.top().(*pyDict); !ok {
		u.fail("sets attributes of something other than a dict")
	}
}

func runPersistent(u *unpickler) {
	id, ok := u.pop().(pyTuple)
	if !ok || u.persistent == nil {
		u.fail("refers to data outside the pickle where there are none")
	}
	if u.err != nil {
		return
	}
	var value any
	value, u.err = u.persistent(id)
	u.push(value)
}
