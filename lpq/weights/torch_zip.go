package weights

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"io"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// The archive has one folder, of any name: data.pkl is the object, data/KEY the bytes of the storage KEY, byteorder the word
// "little" or "big" (little if it is missing), version the form's version. Further records are ignored, as PyTorch does.
const (
	zipPickle    = "/data.pkl"
	zipByteOrder = "/byteorder"
	zipVersion   = "/version"
	zipConstants = "/constants.pkl" // Of TorchScript programs only.
)

// zipRecords are an archive's records by name, and the bytes that they lie in.
type zipRecords struct {
	data   []byte
	byName map[string]*zip.File
	root   string // The folder.
	budget *budget
}

func parseTorchZip(data []byte) (*File, error) {
	records, err := openZip(data)
	if err != nil {
		return nil, err
	}
	if records.byName[records.root+zipConstants] != nil {
		return nil, errors.New("it is a TorchScript program: save the model's state_dict() instead")
	}
	if records.byName[records.root+zipByteOrder] != nil {
		order, err := records.read(records.root + zipByteOrder)
		if err != nil {
			return nil, err
		}
		if string(order) != "little" {
			return nil, errors.Errorf("its byte order is %.16q, only little-endian files are read: save it on another machine", order)
		}
	}
	pickled, err := records.read(records.root + zipPickle)
	if err != nil {
		return nil, err
	}
	known := storages{}
	u := unpickler{data: pickled, find: findGlobal, persistent: func(id pyTuple) (any, error) { return records.storage(known, id) }}
	object, err := u.load()
	if err != nil {
		return nil, errors.WithMessagef(err, "record %q", records.root+zipPickle)
	}
	return fileOf(object, records.budget)
}

func openZip(data []byte) (*zipRecords, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if errors.Is(err, zip.ErrFormat) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return nil, errors.Wrapf(ErrTruncated, "after %d bytes there is no zip directory, which ends a zip file", len(data))
	}
	if err != nil {
		return nil, errors.WithStack(err)
	}
	records := &zipRecords{data: data, byName: make(map[string]*zip.File, len(archive.File)), budget: newBudget(len(data))}
	for _, f := range archive.File {
		if records.byName[f.Name] != nil {
			return nil, errors.Errorf("two records are called %q", f.Name)
		}
		records.byName[f.Name] = f
		if root, found := strings.CutSuffix(f.Name, zipPickle); found && !strings.Contains(root, "/") {
			if records.root != "" {
				return nil, errors.Errorf("two folders, %q and %q, have an object", records.root, root)
			}
			records.root = root
		}
	}
	if records.root == "" {
		return nil, errors.New("a zip archive, but not one of PyTorch's: it has no record data.pkl in a folder")
	}
	return records, nil
}

// storage finds the storage that a pickle refers to, and its data.
func (r *zipRecords) storage(known storages, id pyTuple) (any, error) {
	s, err := known.parseID(id)
	if err != nil {
		return nil, err
	}
	if s.data == nil {
		name := r.root + "/data/" + s.key
		if s.data, err = r.read(name); err != nil {
			return nil, err
		}
		if int64(len(s.data)) != s.byteSize() {
			return nil, errors.Errorf("record %q has %d bytes, %d elements of %s need %d", name, len(s.data), s.numel, s.dtype, s.byteSize())
		}
	}
	return storageSlice{root: s, numel: s.numel}, nil
}

// read returns a record: part of the file if it is stored as it is, which is PyTorch's way, else unpacked within the budget.
func (r *zipRecords) read(name string) ([]byte, error) {
	f := r.byName[name]
	if f == nil {
		return nil, errors.Errorf("it has no record %q", name)
	}
	var content []byte
	var err error
	if f.Method == zip.Store {
		content, err = r.stored(f)
	} else {
		content, err = r.unpacked(f)
	}
	return content, errors.WithMessagef(err, "record %q", name)
}

func (r *zipRecords) stored(f *zip.File) ([]byte, error) {
	offset, err := f.DataOffset()
	if err != nil {
		return nil, errors.WithStack(err)
	}
	size := f.UncompressedSize64
	if f.CompressedSize64 != size || offset < 0 || offset > int64(len(r.data)) || size > uint64(int64(len(r.data))-offset) {
		return nil, errors.Wrapf(ErrTruncated, "%d bytes at byte %d of a file of %d", size, offset, len(r.data))
	}
	end := offset + int64(size)
	content := r.data[offset:end:end]
	// PyTorch can be told not to compute checksums; then they are 0.
	if f.CRC32 != 0 && crc32.ChecksumIEEE(content) != f.CRC32 {
		return nil, errors.New("its checksum is wrong: the file is damaged; fetch or copy it again")
	}
	return content, nil
}

func (r *zipRecords) unpacked(f *zip.File) ([]byte, error) {
	size := f.UncompressedSize64
	if size > uint64(r.budget.left) {
		size = uint64(r.budget.left) + 1 // Of no use but to be refused; it fits int64.
	}
	if err := r.budget.take(int64(size)); err != nil {
		return nil, err
	}
	reader, err := f.Open()
	if err != nil {
		return nil, errors.WithStack(err)
	}
	defer func() { _ = reader.Close() }() // Only frees the decompressor.
	content := make([]byte, size)
	if _, err := io.ReadFull(reader, content); err != nil {
		return nil, errors.Wrapf(err, "unpacking %d bytes", size)
	}
	// The checksum is compared when the end is reached.
	if n, err := reader.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return nil, errors.Errorf("it unpacks to more than %d bytes, or its checksum is wrong (%v)", size, err)
	}
	return content, nil
}

// encodeTorchZip writes what torch.save does, with the data on 64-byte boundaries.
func encodeTorchZip(w io.Writer, f *File) error {
	const root = "archive"
	p, err := pickleFile(f, false)
	if err != nil {
		return err
	}
	z := alignedZip{archive: zip.NewWriter(w)}
	z.add(root+zipPickle, p)
	z.add(root+zipByteOrder, []byte("little"))
	for i, t := range f.Tensors {
		z.add(root+"/data/"+strconv.Itoa(i), t.Data)
	}
	z.add(root+zipVersion, []byte("3\n"))
	if z.err == nil {
		z.err = z.archive.Close()
	}
	return errors.WithStack(z.err)
}

// alignedZip writes stored records whose data begin at multiples of 64 bytes, so that PyTorch can map them into memory.
type alignedZip struct {
	archive *zip.Writer
	offset  int
	err     error // The first failure.
}

func (z *alignedZip) add(name string, content []byte) {
	const alignment = 64
	const localHeader = 30 // Bytes before the name.
	const extraHeader = 4  // The tag "FB", as PyTorch pads, and a length.
	if z.err != nil {
		return
	}
	if uint64(len(content)) >= 1<<32-1 {
		z.err = errors.Errorf("record %q has %d bytes, a zip file of this form ends at 4 GiB: use safetensors", name, len(content))
		return
	}
	start := z.offset + localHeader + len(name) + extraHeader
	padding := (alignment - start%alignment) % alignment
	extra := append([]byte{'F', 'B', byte(padding), 0}, bytes.Repeat([]byte{'Z'}, padding)...)
	var body io.Writer
	body, z.err = z.archive.CreateRaw(&zip.FileHeader{
		Name: name, Method: zip.Store, Extra: extra, CRC32: crc32.ChecksumIEEE(content),
		CompressedSize64: uint64(len(content)), UncompressedSize64: uint64(len(content)),
	})
	if z.err == nil {
		_, z.err = body.Write(content)
	}
	z.offset = start + padding + len(content)
}
