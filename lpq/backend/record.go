package backend

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/internal/atomicfile"
)

const (
	recordName = "plugin.json"
	tmpMark    = ".tmp-" // part of the name of a file or folder that is still being filled

	maxRecordBytes = 1 << 16
)

// record says where an installed plugin comes from; it lies in the plugin's folder as plugin.json.
type record struct {
	File        string    `json:"file"`                   // the plugin, relative to this folder, with slashes
	Size        int64     `json:"size_bytes"`             // of that file
	SHA256      string    `json:"sha256"`                 // of that file
	Source      string    `json:"source"`                 // name of the Source, or "file NAME"
	Version     string    `json:"version,omitempty"`      // of the wheel
	WheelSHA256 string    `json:"wheel_sha256,omitempty"` // of the wheel
	Builder     string    `json:"builder,omitempty"`
	Licence     string    `json:"licence,omitempty"`
	Installed   time.Time `json:"installed"` // or asked for again: the last one is preferred
}

// installed is the time of the installation, the zero time for an unreadable record.
func (r *record) installed() time.Time {
	if r == nil {
		return time.Time{}
	}
	return r.Installed
}

// readRecord returns the record in a folder, nil where there is none.
func readRecord(dir string) (*record, error) {
	path := filepath.Join(dir, recordName)
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, errors.Wrap(err, "reading the record of a plugin")
	}
	defer f.Close()
	var rec record
	err = json.NewDecoder(io.LimitReader(f, maxRecordBytes)).Decode(&rec)
	if err == nil && !filepath.IsLocal(filepath.FromSlash(rec.File)) {
		err = errors.Errorf("the file %q is outside of the folder", rec.File)
	}
	return &rec, errors.Wrapf(err, "the record %s is damaged: delete its folder and install the plugin again", path)
}

// write saves the record into a folder.
func (r record) write(dir string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return errors.Wrap(err, "writing the record of a plugin")
	}
	return atomicfile.WriteBytes(filepath.Join(dir, recordName), append(data, '\n'))
}
