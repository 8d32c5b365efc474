package report

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/internal/filesum"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/weights"
)

// openRun reads a run's folder.
func openRun(dir string) (*Run, error) {
	r := &Run{Folder: filepath.Base(dir)}
	r.Dir = dir
	read := r.readTraining
	switch {
	case r.has(run.ConfigFile):
		read = r.readExperiment
	case !slices.ContainsFunc([]string{finetune.FinalFile, finetune.CheckpointFile, finetune.MetricsFile}, r.has):
		return nil, noRun(dir)
	}
	for _, step := range []func() error{r.readHistory, r.readNetwork, read, r.checkScores, r.readFiles} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	if r.network != nil {
		r.network.file = nil
	}
	return r, nil
}

// checkScores returns an error for an accuracy that cannot be.
func (r *Run) checkScores() error {
	if s := r.Result; s.Images < 0 || !(s.Top1Pct >= 0 && s.Top1Pct <= 100) {
		return errors.Errorf("the result is damaged: top-1 of %v %% of %d images", s.Top1Pct, s.Images)
	}
	return nil
}

// noRun is the error for a folder that is not a run's.
func noRun(dir string) error {
	hint := ""
	if inside, _ := filepath.Glob(filepath.Join(dir, "*", run.ConfigFile)); len(inside) > 0 { // the pattern is a good one
		hint = "; there are runs in it: name their folders, as in FOLDER/*/"
	}
	return errors.Errorf("it is not the folder of a run: it has neither %s nor %s, %s or %s%s",
		run.ConfigFile, finetune.FinalFile, finetune.CheckpointFile, finetune.MetricsFile, hint)
}

func (r *Run) path(name string) string { return filepath.Join(r.Dir, name) }

// has tells whether the folder has a file.
func (r *Run) has(name string) bool {
	info, err := os.Stat(r.path(name))
	return err == nil && info.Mode().IsRegular()
}

func (r *Run) misses(text string) { r.Missing = append(r.Missing, text) }

// readExperiment reads what package run keeps.
func (r *Run) readExperiment() (err error) {
	if r.Outcome, err = run.Open(r.Dir); err != nil {
		return err
	}
	if id := r.Config.ID(); id != r.Folder {
		return errors.Errorf("the folder was renamed: it is that of run %s, give it that name again", id)
	}
	r.mark = r.Folder[len(r.Folder)-8:] // the hash in a run's ID
	if r.has(run.EnvironmentFile) {
		made, err := r.Environment()
		if err != nil {
			return err
		}
		r.Made = &made
	} else {
		r.misses("what it was made with: there is no " + run.EnvironmentFile)
	}
	if r.Status.State != run.Done {
		return nil
	}
	if r.network == nil {
		r.misses("ranges and exponents: there is no " + finetune.FinalFile)
	}
	return r.readPredictions()
}

// readPredictions notes on which images the final network was judged.
func (r *Run) readPredictions() error {
	if !r.has(run.PredictionsFile) {
		r.misses("McNemar's test: there is no " + run.PredictionsFile)
		return nil
	}
	p, err := r.Predictions()
	if err != nil {
		return err
	}
	if len(p.Labels) == 0 || len(p.Guesses) != len(p.Labels) {
		return errors.Errorf("%s has %d predictions for %d images", r.path(run.PredictionsFile), len(p.Guesses), len(p.Labels))
	}
	sum := sha256.New()
	for _, label := range p.Labels {
		sum.Write([]byte{byte(label), byte(label >> 8), byte(label >> 16), byte(label >> 24)})
	}
	r.truth = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// readHistory reads the metrics of every epoch; there are none before the first has ended.
func (r *Run) readHistory() (err error) {
	r.History, err = finetune.ReadHistory(r.Dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// readNetwork reads the final network, if there is one.
func (r *Run) readNetwork() error {
	if !r.has(finetune.FinalFile) {
		return nil
	}
	path := r.path(finetune.FinalFile)
	file, err := weights.Read(path)
	if err != nil {
		return err
	}
	r.network, err = newNetwork(file)
	return errors.WithMessagef(err, "reading %s", path)
}

// fileRecord is a file of a run.
type fileRecord struct {
	name   string
	size   int64
	sha256 string
}

// recorded are the files whose hashes a report has. What is only there to go on from, or to look at while training, is not.
var recorded = []string{run.ConfigFile, run.EnvironmentFile, run.ResultFile, run.MeasuredFile, run.PredictionsFile, finetune.MetricsFile, finetune.FinalFile,
	finetune.BestFile}

func (r *Run) readFiles() error {
	for _, name := range recorded {
		if !r.has(name) {
			continue
		}
		record, err := hashFile(r.path(name))
		if err != nil {
			return err
		}
		r.files = append(r.files, record)
		if want := r.Result.SHA256; name == finetune.FinalFile && want != "" && want != record.sha256 {
			return errors.Errorf("%s is damaged, or of another run: its sha256 is %s, in %s it is %s", r.path(name), record.sha256, run.ResultFile, want)
		}
	}
	return nil
}

func hashFile(path string) (fileRecord, error) {
	info, err := os.Stat(path)
	if err != nil {
		return fileRecord{}, errors.WithStack(err)
	}
	sum, err := filesum.SHA256(path)
	return fileRecord{filepath.Base(path), info.Size(), sum}, err
}
