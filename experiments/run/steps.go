package run

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/finetune"
)

// StepsFile has a line for each step of a training: its number, from 1, and what the network said of the step's batch before the update. A run that was
// killed and goes on has the same file as an unbroken one.
const StepsFile = "steps.csv"

const stepsHeader = "step,loss,top1_pct\n"

// Step is what one step of a training gave, on augmented images.
type Step struct {
	Loss    float64 // nats
	Top1Pct float64
}

// steps writes a run's StepsFile. Each line is one write: a process that is killed leaves no more than the last one cut.
type steps struct{ file *os.File }

func openSteps(dir string) (steps, error) {
	file, err := os.OpenFile(filepath.Join(dir, StepsFile), os.O_CREATE|os.O_RDWR, 0o666)
	return steps{file}, errors.Wrap(err, "steps of the training")
}

// restart removes all that was written after a step: the run goes on from there.
func (s steps) restart(last int) error {
	text, err := io.ReadAll(s.file)
	if err != nil {
		return errors.Wrap(err, "steps of the training")
	}
	kept := keptSteps(text, last)
	if kept == 0 {
		_, err = s.file.WriteAt([]byte(stepsHeader), 0)
		kept = len(stepsHeader)
	}
	if err == nil {
		err = s.file.Truncate(int64(kept))
	}
	if err == nil {
		_, err = s.file.Seek(int64(kept), io.SeekStart)
	}
	return errors.Wrap(err, "steps of the training")
}

// keptSteps is the length of what a file has, in whole lines, up to a step; 0 if it does not begin as it should.
func keptSteps(text []byte, last int) (kept int) {
	if !bytes.HasPrefix(text, []byte(stepsHeader)) {
		return 0
	}
	for line := range bytes.Lines(text) {
		number, _, _ := bytes.Cut(line, []byte(","))
		step, err := strconv.Atoi(string(number))
		if kept > 0 && (err != nil || step > last) || !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		kept += len(line)
	}
	return kept
}

func (s steps) add(p finetune.Progress) error {
	_, err := fmt.Fprintf(s.file, "%d,%.6g,%.6g\n", p.Step, p.BatchLoss, p.BatchTop1Pct)
	return errors.Wrap(err, "steps of the training")
}

func (s steps) close() error { return errors.Wrap(s.file.Close(), "steps of the training") }

// Steps reads what every step of the training gave, the first one at index 0. It returns an error if steps are missing: the run was made without the file,
// or the machine stopped before it was on disk.
func (o Outcome) Steps() ([]Step, error) {
	path := filepath.Join(o.Dir, StepsFile)
	file, err := os.Open(path)
	if err != nil {
		return nil, errors.Wrap(err, "steps of the training")
	}
	defer func() { _ = file.Close() }() // it was only read
	reader := csv.NewReader(file)
	reader.FieldsPerRecord = 3
	lines, err := reader.ReadAll()
	if err != nil {
		return nil, errors.Wrapf(err, "reading %s", path)
	}
	read := make([]Step, max(len(lines)-1, 0))
	for i := range read {
		line := lines[i+1]
		if line[0] != strconv.Itoa(i+1) {
			return nil, errors.Errorf("%s has step %s where %d should be: remove the folder, and the run will be done again", path, line[0], i+1)
		}
		for j, into := range []*float64{&read[i].Loss, &read[i].Top1Pct} {
			if *into, err = strconv.ParseFloat(line[j+1], 64); err != nil {
				return nil, errors.Wrapf(err, "%s, step %d", path, i+1)
			}
		}
	}
	return read, nil
}
