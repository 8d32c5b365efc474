package run

import (
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/internal/atomicfile"
	"github.com/lowprec/lpnets/internal/folderlock"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/finetune"
)

// Files of a run's folder, beside those of package finetune.
const (
	ConfigFile      = "config.json"
	EnvironmentFile = "environment.json"
	StatusFile      = "status.json"
	ResultFile      = "result.json"
	MeasuredFile    = "measured.json"
	PredictionsFile = "predictions.safetensors"
	lockFile        = "lock" // held by the process that runs it
)

// State of a run.
type State string

const (
	Planned     State = "planned"
	Running     State = "running"
	Interrupted State = "interrupted" // it goes on when the sweep is started again
	Done        State = "done"
	Failed      State = "failed"
	Waiting     State = "waiting" // for another process; only ever reported
)

// Status is how far a run has come.
type Status struct {
	State   State     `json:"state"`
	Reason  string    `json:"reason,omitempty"` // of a failure
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	Seconds float64   `json:"wall_s,omitempty"` // spent on it, without processes that were killed
}

// Result is what a run ended with. It depends on the configuration and the engine alone.
type Result struct {
	finetune.Scores // on the test images
	// Validation, where images were held out, is on these.
	Validation *finetune.Scores `json:"validation,omitempty"`
	MeanCosine float64          `json:"mean_cosine"` // of the weights to those at the start, mean of the layers
	Layers     []analysis.Layer `json:"layers"`
	// SquaredDistance is how far the training came from the start: see analysis.SquaredDistance.
	SquaredDistance float64 `json:"squared_distance"`
	SizeBytes       int     `json:"size_bytes"`
	SHA256          string  `json:"sha256"` // of the final weights' file
}

// Outcome is a run with what became of it.
type Outcome struct {
	Config Config `json:"config"`
	Dir    string `json:"folder"`
	Status Status `json:"status"`
	Result Result `json:"result,omitzero"` // where Status is Done
}

// Collect reads what became of runs. A run that has not begun is Planned; one whose process has ended without a word is Interrupted.
//
// It returns the error of the first run whose folder is damaged.
func Collect(dir string, runs []Config) ([]Outcome, error) {
	outcomes := make([]Outcome, len(runs))
	for i, c := range runs {
		var err error
		if outcomes[i], err = outcome(filepath.Join(dir, c.ID()), c); err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

// outcome reads what became of the run in a folder.
func outcome(dir string, c Config) (o Outcome, err error) {
	o = Outcome{Config: c, Dir: dir}
	o.Status, err = readStatus(dir)
	if err == nil && o.Status.State == Done {
		err = readJSON(filepath.Join(dir, ResultFile), &o.Result)
	}
	return o, errors.WithMessagef(err, "run %s is damaged: remove it, and run the experiment again", dir)
}

// Open reads the run in a folder, whatever the folder is called.
func Open(dir string) (Outcome, error) {
	var c Config
	if err := readJSON(filepath.Join(dir, ConfigFile), &c); err != nil {
		return Outcome{}, errors.WithMessagef(err, "%s is not the folder of a run", dir)
	}
	return outcome(filepath.Clean(dir), c)
}

// Environment reads what the run was made with.
func (o Outcome) Environment() (e Environment, err error) {
	return e, readJSON(filepath.Join(o.Dir, EnvironmentFile), &e)
}

// Measured reads what was measured of the final network.
func (o Outcome) Measured(into any) error { return readJSON(filepath.Join(o.Dir, MeasuredFile), into) }

// WeightFile is where the final network is.
func (o Outcome) WeightFile() string { return filepath.Join(o.Dir, finetune.FinalFile) }

// readStatus is Planned where there is none.
func readStatus(dir string) (Status, error) {
	status := Status{State: Planned}
	err := readJSON(filepath.Join(dir, StatusFile), &status)
	if errors.Is(err, os.ErrNotExist) {
		return status, nil
	}
	if err == nil && status.State == Running && !locked(dir) {
		status.State = Interrupted
	}
	return status, err
}

// locked tells whether a process is running the run: that of another user, where the lock may not be asked.
func locked(dir string) bool {
	lock := folderlock.File(filepath.Join(dir, lockFile))
	free, err := lock.TryRLock()
	defer func() { _ = lock.Close() }() // nothing was written
	return err == nil && !free || errors.Is(err, os.ErrPermission)
}

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return errors.WithStack(err)
	}
	return errors.Wrapf(json.Unmarshal(text, into), "reading %s", path)
}

func writeJSON(path string, content any) error {
	text, err := json.MarshalIndent(content, "", "  ")
	if err != nil {
		return errors.Wrapf(err, "writing %s", path)
	}
	return atomicfile.WriteBytes(path, append(text, '\n'))
}
