//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64))

package programs

// #include <stdlib.h>
// #include "table.h"
import "C"

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"reflect"
	"sync"
	"unsafe"

	"github.com/gomlx/go-xla/pjrt"
)

// plugin is one whose programs are kept.
type plugin struct {
	own, given *C.PJRT_Api // its table of functions, and the one that go-xla has in its place
	disk       *Disk
	shared     shared
}

// The plugins whose programs are kept, by their numbers.
var (
	mutex   sync.Mutex // of Keep
	plugins [C.maxPlugins]*plugin
)

// Keep makes a plugin compile no program twice, and none that the disk has; disk may be nil. Called again it does nothing.
//
// It does nothing either where go-xla does not hold the plugin's table of functions as it did when this was written, and for
// more plugins in a process than anybody loads: then every program is compiled.
func Keep(loaded *pjrt.Plugin, disk *Disk) {
	mutex.Lock()
	defer mutex.Unlock()
	field := reflect.ValueOf(loaded).Elem().FieldByName("api") // which go-xla has no method for
	if !field.IsValid() || field.Kind() != reflect.Pointer || field.Type().Elem().Size() != C.sizeof_PJRT_Api {
		return
	}
	table := (**C.PJRT_Api)(unsafe.Pointer(field.UnsafeAddr()))
	for number, p := range plugins {
		if p != nil && p.given == *table {
			return
		}
		if p == nil {
			if given := C.lpq_copy_table(*table, C.int(number)); given != nil {
				plugins[number] = &plugin{own: *table, given: given, disk: disk}
				*table = given
			}
			return
		}
	}
}

//export lpqCompile
func lpqCompile(number C.int, args *C.PJRT_Client_Compile_Args) *C.PJRT_Error {
	p, k := plugins[number], keyOf(args)
	program := p.shared.use(k)
	if program == nil {
		name := fmt.Sprintf("%d devices %x", C.lpq_devices(p.own, args.client), k.sum)
		loaded := p.load(args.client, name)
		if loaded == nil {
			if err := C.lpq_compile(p.own, args); err != nil {
				return err
			}
			loaded = args.executable
			p.save(loaded, name)
		}
		program = unsafe.Pointer(loaded)
		p.shared.add(k, program)
	}
	args.executable = (*C.PJRT_LoadedExecutable)(program)
	return nil
}

// keyOf tells programs apart by their client, text and options, and not by the name that the first line of the text has.
func keyOf(args *C.PJRT_Client_Compile_Args) key {
	text := unsafe.Slice((*byte)(unsafe.Pointer(args.program.code)), args.program.code_size)
	format := C.GoStringN(args.program.format, C.int(args.program.format_size))
	if format == "mlir" {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	sum := sha256.New() // whose Write returns no error
	fmt.Fprintf(sum, "%s %d %d\n", format, len(text), args.compile_options_size)
	sum.Write(text)
	sum.Write(unsafe.Slice((*byte)(unsafe.Pointer(args.compile_options)), args.compile_options_size))
	return key{unsafe.Pointer(args.client), [sha256.Size]byte(sum.Sum(nil))}
}

// load returns the program that the disk has by a name, nil if it has none, or none that the plugin takes.
func (p *plugin) load(client *C.PJRT_Client, name string) *C.PJRT_LoadedExecutable {
	data := p.disk.read(name)
	if len(data) == 0 {
		return nil
	}
	program := C.lpq_deserialize(p.own, client, (*C.char)(unsafe.Pointer(&data[0])), C.size_t(len(data)))
	if program == nil {
		p.disk.remove(name)
	}
	return program
}

// save gives the disk a program, if the plugin can write it down.
func (p *plugin) save(program *C.PJRT_LoadedExecutable, name string) {
	if p.disk == nil {
		return
	}
	var size C.size_t
	if data := C.lpq_serialize(p.own, program, &size); data != nil {
		defer C.free(unsafe.Pointer(data))
		p.disk.write(name, unsafe.Slice((*byte)(unsafe.Pointer(data)), size))
	}
}

//export lpqDestroy
func lpqDestroy(number C.int, args *C.PJRT_LoadedExecutable_Destroy_Args) *C.PJRT_Error {
	p := plugins[number]
	return p.destroy(p.shared.release(unsafe.Pointer(args.executable)))
}

//export lpqDestroyClient
func lpqDestroyClient(number C.int, args *C.PJRT_Client_Destroy_Args) *C.PJRT_Error {
	p := plugins[number]
	if err := p.destroy(p.shared.forget(unsafe.Pointer(args.client))); err != nil {
		return err
	}
	return C.lpq_destroy_client(p.own, args)
}

// destroy frees programs, and returns the first error.
func (p *plugin) destroy(programs []unsafe.Pointer) (first *C.PJRT_Error) {
	for _, program := range programs {
		err := C.lpq_destroy(p.own, (*C.PJRT_LoadedExecutable)(program))
		switch {
		case first == nil:
			first = err
		case err != nil:
			C.lpq_free_error(p.own, err)
		}
	}
	return first
}
