package finetune

import (
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

// identity is everything that decides the bits a run ends with, but the engine: two runs with the same identity are the same run.
type identity struct {
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
func (r *run) identify() (identity, error) {
	file, err := r.model.File()
	if err != nil {
		return identity{}, err
	}
	// Provenance, which names files, is left out: the same weights from another folder are the same start.
	maps.DeleteFunc(file.Metadata, func(key, _ string) bool { return !strings.HasPrefix(key, models.MetaPrefix) })
	sum := sha256.New()
	if err := weights.Encode(sum, file, weights.Safetensors); err != nil {
		return identity{}, err
	}
	id := identity{Recipe: r.options.Recipe, Seed: r.options.Seed, Network: r.model.Network.Name, Start: hex.EncodeToString(sum.Sum(nil)),
		Data: r.sets.Train.Name(), Images: r.sets.Train.Len()}
	if r.sets.Validation != nil {
		id.Validation = r.sets.Validation.Len()
	}
	return id, nil
}

// String is the identity as JSON, as it is kept in checkpoints and in the networks that a run leaves.
func (id identity) String() string {
	text, err := json.Marshal(id)
	if err != nil {
		panic(err) // Validate has seen to it that all numbers are finite
	}
	return string(text)
}

// differs returns an error that names what is different in the identity, as text, of another run.
func (id identity) differs(other string) error {
	var there identity
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
	return errors.Errorf("it belongs to another run: %s", strings.Join(texts, ", "))
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
