package run

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/internal/filesum"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/builtin"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/weights"
)

// Config is everything that decides a run's result, but the engine.
type Config struct {
	// Label says what the run is in its experiment, in a word for tables and folders: baseline, w4a4-mse.
	Label   string `json:"label"`
	Network string `json:"network"`
	Seed    uint64 `json:"seed"`
	Start   Start  `json:"start"`
	Data    Data   `json:"data"`
	// Recipe trains the network; without one it is evaluated as it starts.
	Recipe *finetune.Recipe `json:"recipe,omitempty"`
	// Measure, where set, is what is measured of the network that the run ends with.
	Measure *Measurement `json:"measure,omitempty"`
}

// Start is where a run's weights come from; the zero value is random weights, drawn from the seed.
type Start struct {
	Run    string `json:"run,omitempty"`  // ID of the run whose final weights they are
	File   string `json:"file,omitempty"` // a weight file, or "builtin"
	SHA256 string `json:"sha256,omitempty"`
}

// FromFile is a start from a weight file, or from the built-in weights.
func FromFile(path string) (Start, error) {
	if path == lpq.BuiltIn {
		file, err := builtin.Weights()
		if err != nil {
			return Start{}, err
		}
		sum := sha256.New()
		err = weights.Encode(sum, file, weights.Safetensors)
		return Start{File: path, SHA256: hex.EncodeToString(sum.Sum(nil))}, err
	}
	sum, err := filesum.SHA256(path)
	return Start{File: path, SHA256: sum}, errors.WithMessage(err, "weights")
}

// From is a start from the final weights of another run.
func From(c Config) Start { return Start{Run: c.ID()} }

// ID names the run's folder: what it is, in words, and a hash of all that decides its result. Where files are does not count, their content does.
func (c Config) ID() string {
	c.Start.File, c.Data.Folder = "", ""
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // Validate has seen to it that all numbers are finite
	}
	sum := sha256.Sum256(text)
	return fmt.Sprintf("%s-%s-s%d-%x", c.Network, c.Label, c.Seed, sum[:4])
}

// Portable is the configuration with the names of files instead of where they are here.
func (c Config) Portable() Config {
	for _, path := range []*string{&c.Data.Folder, &c.Start.File} {
		if *path != "" {
			*path = filepath.Base(*path)
		}
	}
	return c
}

// Precision of the network that the run ends with.
func (c Config) Precision() string {
	if c.Recipe == nil {
		return "fp32"
	}
	return c.Recipe.Scheme
}

// Epochs is how long the run trains; 0 where it is evaluated as it starts.
func (c Config) Epochs() int {
	if c.Recipe == nil {
		return 0
	}
	return c.Recipe.Epochs
}

// Validate returns an error that names what is wrong.
func (c Config) Validate() error {
	if c.Label == "" || strings.ContainsAny(c.Label, `/\ `) {
		return errors.Errorf("run: label %q; want a word that can be part of a folder's name", c.Label)
	}
	if _, err := models.Get(c.Network); err != nil {
		return errors.WithMessagef(err, "run %s", c.Label)
	}
	if c.Recipe == nil {
		return nil
	}
	return errors.WithMessagef(c.Recipe.Validate(), "run %s", c.Label)
}

// String says what the weights are, in a word.
func (s Start) String() string {
	switch {
	case s.Run != "":
		return s.Run
	case s.SHA256 != "":
		return "sha256:" + s.SHA256
	}
	return "random"
}
