package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
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

// What package finetune writes into the metadata of networks and checkpoints.
const (
	metaTraining     = "finetune"       // the identity of the run, JSON
	metaStart        = "finetune_start" // where the weights at the start lay
	metaCheckpointed = models.MetaPrefix + "finetune.run"
)

// identity is what package finetune says of a training.
type identity struct {
	Recipe     *finetune.Recipe `json:"recipe"`
	Seed       uint64           `json:"seed"`
	Network    string           `json:"network"`
	Start      string           `json:"start"` // sha256 of weights, precision and exponents
	Data       string           `json:"data"`
	Images     int              `json:"images"`
	Validation int              `json:"validation_images"`
}

// readTraining puts together what became of a run that has no configuration: it was made by lpq finetune or lpq train.
func (r *Run) readTraining() error {
	r.mark = r.Folder
	id, start, err := r.identity()
	if err != nil {
		return err
	}
	r.Config = run.Config{Label: r.Folder, Network: id.Network, Seed: id.Seed, Recipe: id.Recipe,
		Data: run.Data{Name: id.Data, Train: id.Images, Validation: id.Validation}}
	if id.Recipe != nil {
		r.Config.Label = id.Recipe.Name
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

// identity is what the newest file says of the training, and of where the weights at the start lay.
func (r *Run) identity() (id identity, start string, err error) {
	var metadata map[string]string
	source := finetune.FinalFile
	switch {
	case r.network != nil:
		metadata = r.network.file.Metadata
	case r.has(finetune.CheckpointFile):
		source = finetune.CheckpointFile
		file, err := weights.Read(r.path(source))
		if err != nil {
			return id, "", err
		}
		metadata = file.Metadata
	}
	id.Network = metadata[metaNetwork]
	text := metadata[metaTraining]
	if text == "" {
		text = metadata[metaCheckpointed]
	}
	if text == "" {
		r.misses("settings: no file says how it was trained")
		return id, metadata[metaStart], nil
	}
	err = json.Unmarshal([]byte(text), &id)
	return id, metadata[metaStart], errors.Wrapf(err, "description of the training in %s", r.path(source))
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
	float := map[string]string{metaNetwork: n.name, metaScheme: "{}", metaExponents: "{}"}
	return slices.ContainsFunc([]map[string]string{float, before.Metadata, n.file.Metadata}, func(metadata map[string]string) bool {
		own.Metadata = maps.Clone(metadata)
		maps.DeleteFunc(own.Metadata, func(key, _ string) bool { return !strings.HasPrefix(key, models.MetaPrefix) })
		sum := sha256.New()
		return weights.Encode(sum, own, weights.Safetensors) == nil && hex.EncodeToString(sum.Sum(nil)) == hash
	})
}
