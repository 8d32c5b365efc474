package report

import (
	"os"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/internal/atomicfile"
	"github.com/lowprec/lpnets/lpq/finetune"
)

// Report is runs with what their folders tell of them.
type Report struct {
	Runs []*Run // in the order in which they were given
	// kinds are the runs that are repeats of each other.
	kinds []*kind
}

// Run is one run.
type Run struct {
	// Name is what the report calls it: no other run of the report has the same name.
	Name   string
	Folder string // its name, without where it lies
	// Outcome is as package run has it. Of a folder that lpq finetune or lpq train left, it is put together from the network's file and the metrics.
	run.Outcome
	// Made is what the run was made with; nil where the folder does not say.
	Made *run.Environment
	// History has the epochs that were completed.
	History finetune.History
	// Missing says, in sentences, what the folder does not have.
	Missing []string

	network *network     // the final one; nil before there is one
	files   []fileRecord // with their hashes
	truth   string       // hash of the test images' labels; empty without predictions
	mark    string       // tells runs of one label apart
}

// Open reads runs by their folders; one that is given twice counts once.
//
// It returns an error that names the folder that is no run's, or the file that is damaged. A run that is not done is no error.
func Open(dirs ...string) (*Report, error) {
	r, seen := &Report{}, map[string]bool{}
	for _, dir := range dirs {
		path, err := resolve(dir)
		if err != nil {
			return nil, err
		}
		if seen[path] {
			continue
		}
		seen[path] = true
		one, err := openRun(path)
		if err != nil {
			return nil, errors.WithMessagef(err, "run %s", dir)
		}
		r.Runs = append(r.Runs, one)
	}
	if len(r.Runs) == 0 {
		return nil, errors.New("report: no runs; want the folders of one or more")
	}
	r.kinds = kindsOf(r.Runs)
	return r, nil
}

// resolve is where a folder really lies: the folder of a run is known by its name.
func resolve(dir string) (string, error) {
	path, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", errors.Wrapf(err, "run %s", dir)
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return "", errors.Errorf("run %s: it is a file; want the folder of a run", dir)
	}
	path, err = filepath.Abs(path)
	return path, errors.Wrapf(err, "run %s", dir)
}

// Save writes the report into a file, whole or not at all.
func (r *Report) Save(path string) error {
	content, err := r.HTML()
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(path, content)
}
