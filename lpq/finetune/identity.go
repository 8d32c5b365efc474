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
		Data: r.sets.Train.Name(), Images: r.sets.Train.Len()}
	if r.sets.Validation != nil {
		id.Validation = r.sets.Validation.Len()
	}
	return id, nil
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

// differs returns an error that names what is different in the identity, as text, of another run.
func (id RunIdentity) differs(other string) error {
	var there RunIdentity
	if err := json.Unmarshal([]byte(other), &there); err != nil {
		return errors.Wrap(err, "description of the run")
	}
	differences, err := differ.Of(there, id)
	if err != nil || len(differences) == 0 {
		return err
	}
	texts := make([]string, len(differences))
	for i, d := range differences {
		texts[i] = fmt.Sprintf("%s is %s there and %s here", d.Field, orNone(d.Values[0]), orNone(d.Values[1]))
	}
	wayOut := "name another folder, or remove this one"
	if len(differences) == 1 && differences[0].Field == "start" {
		wayOut = "pass the network that the run started from, as it was then, or name another folder"
	}
	return errors.Errorf("it belongs to another run: %s; %s", strings.Join(texts, ", "), wayOut)
}

// orNone shortens what is shown of a value: a hash is recognized by its beginning.
func orNone(value string) string {
	const shown = 24
	switch {
	case value == "":
		return "none"
	case len(value) > shown:
		return value[:shown] + "..."
	}
	return value
}
