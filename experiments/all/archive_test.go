package all_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/all"
	"github.com/lowprec/lpnets/internal/shared"
)

// archived are the experiments whose results on CIFAR-10 are those of the archive's runs.
var archived = []struct {
	experiment string
	network    string
	weights    string // file of the network
	seeds      int    // 0: the preset's own number
}{
	{"table1", "resnet20", "resnet20-12fca82f.th", 0},
	{"table1", "resnet32", "resnet32-d509ac18.th", 1},
	{"sensitivity", "resnet20", "resnet20-12fca82f.th", 0},
	{"similarity", "resnet20", "resnet20-12fca82f.th", 0},
	{"gradient_noise", "resnet20", "resnet20-12fca82f.th", 0},
	{"convergence", "resnet20", "resnet20-12fca82f.th", 0},
}

// The committed tables and texts follow from the archived runs, byte for byte.
func TestResultsFollowFromTheArchive(t *testing.T) {
	for _, a := range archived {
		t.Run(a.experiment+" "+a.network, func(t *testing.T) {
			e, err := all.Get(a.experiment)
			if err != nil {
				t.Fatal(err)
			}
			plan, err := e.Open(experiments.Options{Preset: "cifar10", Data: shared.Path(t, "data", "cifar-10-batches-bin"),
				Networks: []string{a.network}, Weights: []string{shared.Path(t, "models", a.weights)}, Seeds: a.seeds})
			if err != nil {
				t.Fatal(err)
			}
			written, err := plan.Write(filepath.Join("..", "archive"), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range written.Files {
				if strings.HasSuffix(name, ".png") || strings.HasSuffix(name, ".svg") {
					continue // drawn from the same numbers
				}
				got, err := os.ReadFile(filepath.Join(written.Dir, name))
				if err != nil {
					t.Fatal(err)
				}
				committed := filepath.Join("..", a.experiment, "results", plan.Name(), name)
				want, err := os.ReadFile(committed)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("%s is not what the archive's runs give: lpq experiment run %s --finished --out experiments/archive ...\n%s", committed, a.experiment, got)
				}
			}
		})
	}
}
