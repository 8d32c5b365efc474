package finetune

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/internal/atomicfile"
	"github.com/lowprec/lpnets/internal/folderlock"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/optim"
	"github.com/lowprec/lpnets/lpq/weights"
)

// Files in the folder of a run.
const (
	CheckpointFile = "checkpoint.safetensors" // the newest state, to go on from
	BestFile       = "best.safetensors"       // the network after the best epoch
	FinalFile      = "final.safetensors"      // the network after the last epoch
	MetricsFile    = "metrics.jsonl"          // a line for each epoch
)

// Keys of a checkpoint's metadata beside the model's own, and the prefix of the optimizer's tensors.
const (
	metaState       = models.MetaPrefix + "finetune.state"
	metaRun         = models.MetaPrefix + "finetune.run"
	velocityPrefix  = "optimizer.velocity."
	provenanceRun   = "finetune"
	provenanceStart = "finetune_start"
)

// folder keeps the files of a run; the empty one keeps nothing.
type folder string

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

// open prepares the folder, keeps others out of it until the run is closed, and where it holds this run, brings model and state to its newest checkpoint.
func (f folder) open(r *run) (resumed bool, err error) {
	if f == "" {
		return false, nil
	}
	if err := os.MkdirAll(string(f), 0o777); err != nil {
		return false, errors.Wrap(err, "folder of the run")
	}
	unlock, alone, err := folderlock.Try(string(f))
	if err != nil {
		return false, err
	}
	r.unlock = unlock
	if alone {
		for _, name := range []string{CheckpointFile, BestFile, FinalFile, MetricsFile} {
			atomicfile.RemoveLeftovers(string(f), name)
		}
	}
	file, err := weights.Read(f.path(CheckpointFile))
	if errors.Is(err, os.ErrNotExist) {
		return false, f.checkEmpty()
	}
	if err != nil {
		return false, err
	}
	if !r.options.Resume {
		return false, errors.Errorf("folder %s holds a run already: resume it, or name another folder", f)
	}
	if err := f.restore(r, file); err != nil {
		return false, errors.WithMessagef(err, "resuming from %s", f.path(CheckpointFile))
	}
	return true, nil
}

// checkEmpty returns an error for a folder without a checkpoint that has what a training gave: it would be replaced.
func (f folder) checkEmpty() error {
	for _, name := range []string{FinalFile, MetricsFile} {
		if _, err := os.Stat(f.path(name)); err == nil {
			return errors.Errorf("folder %s holds a run without its checkpoint (%s), which cannot be resumed: name another folder, or remove this one", f, name)
		}
	}
	return nil
}

// restore takes over a checkpoint.
func (f folder) restore(r *run, file *weights.File) error {
	if err := r.differs(file.Metadata[metaRun]); err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(file.Metadata[metaState]), &r.state); err != nil {
		return errors.Wrapf(err, "metadata %s", metaState)
	}
	var network, velocities []weights.Tensor
	for _, t := range file.Tensors {
		if strings.HasPrefix(t.Name, velocityPrefix) {
			velocities = append(velocities, t)
		} else {
			network = append(network, t)
		}
	}
	for _, t := range velocities {
		values, err := t.Float32s()
		if err != nil {
			return err
		}
		path := strings.TrimPrefix(t.Name, velocityPrefix)
		v, err := r.model.Store.CreateVariable(path, tensors.FromFlatDataAndDimensions(values, t.Shape...))
		if err != nil {
			return err
		}
		v.SetTrainable(false)
	}
	metadata := maps.Clone(file.Metadata)
	delete(metadata, metaState)
	delete(metadata, metaRun)
	clear(r.model.Provenance)
	if err := r.model.SetWeights(&weights.File{Tensors: network, Metadata: metadata}); err != nil {
		return err
	}
	return f.readHistory(r)
}

// provenance says in a network's file how it was made.
func (r *run) provenance() map[string]string {
	p := map[string]string{provenanceRun: r.identity.String(), "backend": r.model.Backend.Name()}
	if start := r.model.Provenance["weights"]; start != "" {
		p[provenanceStart] = start
	}
	return p
}

// saveCheckpoint writes everything the rest of the run depends on.
func (f folder) saveCheckpoint(r *run) error {
	if f == "" {
		return nil
	}
	file, err := r.model.File()
	if err != nil {
		return err
	}
	text, err := json.Marshal(r.state)
	if err != nil {
		return errors.Wrap(err, "state of the run")
	}
	file.Metadata[metaState], file.Metadata[metaRun] = string(text), r.identity.String()
	prefix := optim.VelocityPath("") + model.ScopeSeparator
	for v := range r.model.Store.IterVariables() {
		if !strings.HasPrefix(v.Path(), prefix) || !v.HasValue() {
			continue
		}
		value, err := v.Value()
		if err != nil {
			return err
		}
		flat, err := tensors.CopyFlatData[float32](value)
		if err != nil {
			return err
		}
		t, err := weights.NewFloat32(velocityPrefix+v.Path(), v.Shape().Dimensions, flat)
		if err != nil {
			return err
		}
		file.Tensors = append(file.Tensors, t)
	}
	return weights.Write(f.path(CheckpointFile), file)
}

func (f folder) saveBest(r *run) error {
	if f == "" {
		return nil
	}
	return r.model.Save(f.path(BestFile))
}

func (f folder) saveFinal(r *run) error {
	if f == "" {
		return nil
	}
	r.model.Provenance["epochs"] = strconv.Itoa(r.state.Epoch)
	return r.model.Save(f.path(FinalFile))
}

// saveHistory writes the epochs so far.
func (f folder) saveHistory(history History) error {
	if f == "" {
		return nil
	}
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	for _, epoch := range history {
		if err := encoder.Encode(epoch); err != nil {
			return errors.Wrap(err, "metrics")
		}
	}
	return atomicfile.WriteBytes(f.path(MetricsFile), lines.Bytes())
}

// readHistory reads the epochs that the checkpoint has completed; those after it will come again.
func (f folder) readHistory(r *run) (err error) {
	r.history, err = ReadHistory(string(f))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	r.history = slices.DeleteFunc(r.history, func(e EpochMetrics) bool { return e.Epoch > r.state.Epoch })
	return err
}

// ReadHistory reads the epochs that a run has completed, from its folder. Before the first has ended the error is an os.ErrNotExist.
func ReadHistory(dir string) (history History, err error) {
	path := filepath.Join(dir, MetricsFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, errors.Wrap(err, "metrics")
	}
	for line := range bytes.Lines(text) {
		var epoch EpochMetrics
		if err := json.Unmarshal(line, &epoch); err != nil {
			return nil, errors.Wrapf(err, "line %d of %s", len(history)+1, path)
		}
		if epoch.Train == nil {
			return nil, errors.Errorf("line %d of %s has no training scores", len(history)+1, path)
		}
		history = append(history, epoch)
	}
	return history, nil
}
