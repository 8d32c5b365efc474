package weights

import (
	"encoding/binary"
	"io"

	"github.com/pkg/errors"
)

// The legacy form is five pickles (a magic number, a version, facts about the machine, the object, the keys of the storages), then
// for each key the number of elements, 8 bytes little-endian, and the elements. They are little-endian whatever the machine was.
const (
	legacyMagic   bigInt = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19" // 0x1950a86a20f9469cfc6c
	legacyVersion int64  = 1001
)

func parseTorchLegacy(data []byte) (*File, error) {
	u := unpickler{data: data, find: findGlobal}
	if err := u.loadLegacyHead(); err != nil {
		return nil, err
	}
	known := storages{}
	object, err := u.loadNext(func(id pyTuple) (any, error) { return legacyStorage(known, id) })
	if err != nil {
		return nil, err
	}
	keys, err := u.loadNext(nil)
	if err != nil {
		return nil, errors.WithMessage(err, "the list of storages")
	}
	for _, key := range sequence(keys) {
		name, _ := key.(string)
		s, ok := known[name]
		if !ok {
			return nil, errors.Errorf("storage %q belongs to no tensor", name)
		}
		if err := u.readStorage(s); err != nil {
			return nil, errors.WithMessagef(err, "storage %q at byte %d", name, u.pos)
		}
	}
	return fileOf(object, newBudget(len(data)))
}

// loadNext runs the next of the pickles; each has a memo of its own.
func (u *unpickler) loadNext(persistent func(pyTuple) (any, error)) (any, error) {
	u.base, u.data, u.pos = u.base+u.pos, u.data[u.pos:], 0
	u.persistent = persistent
	return u.load()
}

// loadLegacyHead runs the pickles before the object.
func (u *unpickler) loadLegacyHead() error {
	magic, err := u.loadNext(nil)
	if err != nil {
		return err
	}
	if magic != any(legacyMagic) {
		return errors.Errorf("a pickle of %s, but not one of PyTorch's: save the weights with torch.save", kindOf(magic))
	}
	version, err := u.loadNext(nil)
	if err != nil {
		return err
	}
	if version != any(legacyVersion) {
		return errors.Errorf("its version is not %d", legacyVersion)
	}
	_, err = u.loadNext(nil)
	return err
}

// legacyStorage finds the storage, or the slice of one, that a pickle refers to. Its data are not known yet.
func legacyStorage(known storages, id pyTuple) (any, error) {
	s, err := known.parseID(id)
	if err != nil {
		return nil, err
	}
	if len(id) < 6 || id[5] == nil {
		return storageSlice{root: s, numel: s.numel}, nil
	}
	slice, _ := id[5].(pyTuple) // (key of the slice, offset, number of elements), before PyTorch 0.4.
	if len(slice) == 3 {
		offset, offsetOK := slice[1].(int64)
		numel, numelOK := slice[2].(int64)
		if offsetOK && numelOK {
			return storageSlice{root: s, offset: offset, numel: numel}, nil
		}
	}
	return nil, errors.Errorf("storage %q is sliced by other than (key, offset, number of elements)", s.key)
}

func (u *unpickler) readStorage(s *storage) error {
	numel := u.uint(8)
	if u.err == nil && numel != uint64(s.numel) {
		return errors.Errorf("the file has %d elements for it, its tensors expect %d", numel, s.numel)
	}
	s.data = u.take(uint64(s.byteSize()))
	return u.err
}

// encodeTorchLegacy writes what torch.save(..., _use_new_zipfile_serialization=False) does.
func encodeTorchLegacy(w io.Writer, f *File) error {
	object, err := pickleFile(f, true)
	if err != nil {
		return err
	}
	parts := [][]byte{legacyHead(), object, pickleKeys(len(f.Tensors))}
	for _, t := range f.Tensors {
		numel := binary.LittleEndian.AppendUint64(nil, uint64(len(t.Data)/t.DType.Size()))
		parts = append(parts, numel, t.Data)
	}
	for _, part := range parts {
		if _, err := w.Write(part); err != nil {
			return errors.WithStack(err)
		}
	}
	return nil
}
