package report

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/builtin"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/weights"
)

// readTraining puts together what became of a run that has no configuration: it was made by lpq finetune or lpq train.
func (r *Run) readTraining() error {
	r.mark = r.Folder
	metadata, source, err := r.newestMetadata()
	if err != nil {
		return err
	}
	id, start, err := finetune.ReadIdentity(metadata)
	if err != nil {
		return errors.WithMessagef(err, "reading %s", r.path(source))
	}
	r.Config = run.Config{Label: r.Folder, Network: metadata[models.MetaNetwork]}
	if id == nil {
		id = &finetune.RunIdentity{} // of which nothing is known
		r.misses("settings: no file says how it was trained")
	} else {
		r.Config = run.Config{Label: cmp.Or(id.Recipe.Name, r.Folder), Network: id.Network, Seed: id.Seed, Recipe: &id.Recipe,
			Data: run.Data{Name: id.Data, Train: id.Images, Validation: id.Validation}}
	}
	if !strings.HasPrefix(start, "random") {
		r.Config.Start = run.Start{File: start, SHA256: id.Start}
	}
	r.Status = run.Status{State: run.Interrupted, Reason: "lpq goes on with it by --resume, if it is not running"}
	r.misses("what it was made with, and when: lpq finetune and lpq train do not record it")
	if r.network == nil {
		return nil
	}
	r.Status = run.Status{State: run.Done}
	r.Result.SizeBytes, r.Result.Validation = r.network.sizeBytes(), r.History.Last().Validation
	r.misses("McNemar's test: lpq finetune and lpq train keep no predictions")
	if test := r.History.Last().Test; test != nil {
		r.Result.Scores = *test
		r.Config.Data.Test = test.Images
	} else {
		r.misses("accuracy on test images: " + finetune.MetricsFile + " has none")
	}
	return r.compareWithStart(start, id.Start)
}

// newestMetadata is that of the final network, or else of the checkpoint; empty where there is neither.
func (r *Run) newestMetadata() (metadata map[string]string, source string, err error) {
	switch {
	case r.network != nil:
		return r.network.file.Metadata, finetune.FinalFile, nil
	case r.has(finetune.CheckpointFile):
		file, err := weights.Read(r.path(finetune.CheckpointFile))
		if err != nil {
			return nil, "", err
		}
		return file.Metadata, finetune.CheckpointFile, nil
	}
	return nil, "", nil
}

// compareWithStart finds the similarity to the weights at the start, where they still are what they were.
func (r *Run) compareWithStart(start, hash string) error {
	var before *weights.File
	var err error
	if start == lpq.BuiltIn {
		before, err = builtin.Weights()
	} else if start != "" {
		before, err = weights.Read(start)
	}
	if err != nil || before == nil || !isStart(r.network, before, hash) {
		where := "does not say where they are"
		if start != "" {
			where = "they are not in " + filepath.Base(start) + " any more"
		}
		r.misses("similarity of the weights to those at the start: the folder does not keep these, and " + where)
		return nil
	}
	if r.Result.Layers, err = analysis.Similarity(before, r.network.file); err != nil {
		return errors.WithMessagef(err, "comparing %s with %s", r.path(finetune.FinalFile), start)
	}
	r.Result.MeanCosine = analysis.MeanCosine(r.Result.Layers)
	return nil
}

// isStart tells whether weights are those that package finetune knows by a hash: of the network's tensors, precision and exponents as a safetensors file.
// A network may have been float at the start, or quantized already, with the exponents that it still has.
func isStart(n *network, before *weights.File, hash string) bool {
	own := &weights.File{}
	for _, t := range n.file.Tensors {
		theirs, ok := before.Lookup(t.Name)
		if !ok {
			return false
		}
		values, err := theirs.Float32s()
		if err != nil {
			return false
		}
		if theirs, err = weights.NewFloat32(t.Name, theirs.Shape, values); err != nil {
			return false
		}
		own.Tensors = append(own.Tensors, theirs)
	}
	float := map[string]string{models.MetaNetwork: n.name, models.MetaScheme: "{}", models.MetaExponents: "{}"}
	return slices.ContainsFunc([]map[string]string{float, before.Metadata, n.file.Metadata}, func(metadata map[string]string) bool {
		own.Metadata = metadata
		fingerprint, err := finetune.Fingerprint(own)
		return err == nil && fingerprint == hash
	})
}
