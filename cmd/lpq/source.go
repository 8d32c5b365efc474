package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/data/imagenet"
	"github.com/lowprec/lpnets/lpq/models"
)

// source says which data a command works on, and how they are read.
type source struct {
	data string
	reading
}

// reading says how photographs are read.
type reading struct {
	groundTruth      string
	skipBad, workers int
	bad              imagenet.BadFiles
}

func (s *source) addDataFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.data, "data", lpq.BuiltIn, "folder with CIFAR-10's binary files, or with ImageNet as it comes or as lpq data prepare writes it; or builtin for the synthetic images")
}

// addReadingFlags adds the rarer ones, which a command lists last.
func (r *reading) addReadingFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&r.groundTruth, "ground-truth", "", "file with the classes of a flat validation folder's photographs (default: it is looked for there)")
	flags.IntVar(&r.skipBad, "skip-bad", 0, "leave out and list up to N damaged photographs")
	flags.IntVar(&r.workers, "workers", 0, "threads that load and augment; the result does not depend on them (default: one for each CPU)")
}

// maxWorkers is more than machines have cores: each costs two batches of memory.
const maxWorkers = 1024

// check completes the flags, and returns an error for what can be told before the work.
func (r *reading) check() error {
	if r.skipBad < 0 || r.workers < 0 || r.workers > maxWorkers {
		return errors.Errorf("--skip-bad %d, --workers %d: want no negative number, and no more than %d workers", r.skipBad, r.workers, maxWorkers)
	}
	if r.workers == 0 {
		r.workers = runtime.GOMAXPROCS(0)
	}
	r.bad.Limit = r.skipBad
	return nil
}

// sets opens the data for a network. forTrain and forTest say what the command needs each set for; empty means that it can do without.
func (s *source) sets(network models.Network, forTrain, forTest string) (lpq.Sets, error) {
	if err := s.check(); err != nil {
		return lpq.Sets{}, err
	}
	sets, err := lpq.LoadData(s.data, lpq.DataOptions{Network: network, GroundTruth: s.groundTruth, Bad: &s.bad})
	if err != nil {
		return sets, err
	}
	for _, part := range []struct {
		set        data.Dataset
		name, want string
	}{{sets.Train, "training set (train)", forTrain}, {sets.Test, "validation set (val)", forTest}} {
		if part.set == nil && part.want != "" {
			return sets, errors.Errorf("--data %s has no %s, which is needed %s", s.data, part.name, part.want)
		}
	}
	return sets, nil
}

// What commands need the sets for.
const (
	toCalibrate = "to calibrate on"
	toTrain     = "to train on"
	toEvaluate  = "to evaluate on"
)

// skippedFile is a file that was left out.
type skippedFile struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
}

// skipped lists the files that were left out so far.
func (r *reading) skipped() (files []skippedFile) {
	for _, file := range r.bad.List() {
		files = append(files, skippedFile{file.Name, oneLine(errors.New(file.Reason))})
	}
	return files
}

func printSkipped(w io.Writer, files []skippedFile) {
	if len(files) == 0 {
		return
	}
	fmt.Fprintf(w, "  bad    %d files left out\n", len(files))
	for _, file := range files {
		fmt.Fprintf(w, "         %s: %s\n", file.File, file.Reason)
	}
}
