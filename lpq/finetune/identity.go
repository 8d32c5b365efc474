package finetune

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/internal/differ"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/weights"
)

// RunIdentity is everything that decides the bits a run ends with, but the engine: two runs with the same identity are the same run.
type RunIdentity struct {
	Recipe  Recipe `json:"recipe"`
	Seed    uint64 `json:"seed"`
	Network string `json:"network"`
	Start   string `json:"start"` // sha256 of weights, precision and exponents at the start
	Data    string `json:"data"`
	Images  int    `json:"images"`
	// DataSHA256 tells the images apart from others of the same name. Runs of earlier versions lack it.
	DataSHA256 string `json:"data_sha256,omitempty"`
	// The validation images decide which epoch is kept as the best.
	Validation int `json:"validation_images,omitempty"`
}

// identify describes the run that is about to start; the model must be as the caller passed it.
func (r *run) identify() (RunIdentity, error) {
	file, err := r.model.File()
	if err != nil {
		return RunIdentity{}, err
	}
	start, err := Fingerprint(file)
	if err != nil {
		return RunIdentity{}, err
	}
	id := RunIdentity{Recipe: r.options.Recipe, Seed: r.options.Seed, Network: r.model.Network.Name, Start: start,
		Data: data.Kind(r.sets.Train), Images: r.sets.Train.Len(), DataSHA256: r.options.DataSHA256}
	sets := []data.Dataset{r.sets.Train}
	if r.sets.Validation != nil {
		id.Validation = r.sets.Validation.Len()
		sets = append(sets, r.sets.Validation)
	}
	if id.DataSHA256 == "" {
		id.DataSHA256, err = data.Hash(sets...)
	}
	return id, err
}

// Fingerprint is the sha256, in hexadecimal digits, of a network's tensors, precision and exponents. Provenance, which names files, is left out: the same
// weights from another folder are the same start.
func Fingerprint(file *weights.File) (string, error) {
	bare := *file
	bare.Metadata = maps.Clone(file.Metadata)
	maps.DeleteFunc(bare.Metadata, func(key, _ string) bool { return !strings.HasPrefix(key, models.MetaPrefix) })
	sum := sha256.New()
	if err := weights.Encode(sum, &bare, weights.Safetensors); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// ReadIdentity reads, from the metadata of a network or checkpoint that a run left, the run's identity and where the weights at its start lay. The
// identity is nil, and the place empty, where the file does not say.
func ReadIdentity(metadata map[string]string) (id *RunIdentity, start string, err error) {
	start = metadata[provenanceStart]
	text := cmp.Or(metadata[provenanceRun], metadata[metaRun])
	if text == "" {
		return nil, start, nil
	}
	err = json.Unmarshal([]byte(text), &id)
	return id, start, errors.Wrap(err, "description of the run")
}

// String is the identity as JSON, as it is kept in checkpoints and in the networks that a run leaves.
func (id RunIdentity) String() string {
	text, err := json.Marshal(id)
	if err != nil {
		panic(err) // Validate has seen to it that all numbers are finite
	}
	return string(text)
}

// ErrOtherRun is in the chain of the error for a folder that holds another run.
var ErrOtherRun = errors.New("it belongs to another run")

// differs returns an error that names what is different in the identity, as text, of another run.
func (r *run) differs(other string) error {
	var there RunIdentity
	if err := json.Unmarshal([]byte(other), &there); err != nil {
		return errors.Wrap(err, "description of the run")
	}
	id := r.identity
	if there.DataSHA256 == "" { // data were known by their name, with their folder's
		id.Data, id.DataSHA256 = r.sets.Train.Name(), ""
	}
	differences, err := differ.Of(there, id)
	if err != nil || len(differences) == 0 {
		return err
	}
	wayOut := "name another folder, or remove this one"
	if len(differences) == 1 && differences[0].Field == "start" {
		wayOut = "pass the network that the run started from, as it was then, or name another folder"
	}
	return errors.WithStack(fmt.Errorf("%w: %s; %s", ErrOtherRun, differ.Sentence(differences), wayOut))
}
