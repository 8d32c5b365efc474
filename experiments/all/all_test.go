package all_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/all"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/models"
)

func Example() {
	for _, e := range all.Experiments() {
		for _, p := range e.Presets {
			fmt.Printf("%s %s: %d seeds of %s\n", e.Name, p.Name, p.Seeds, p.Network)
		}
	}
	// Output:
	// table1 demo: 3 seeds of resnet8
	// table1 cifar10: 3 seeds of resnet20
	// table1 imagenet: 1 seeds of resnet18
	// sensitivity demo: 1 seeds of resnet8
	// sensitivity cifar10: 1 seeds of resnet20
	// sensitivity imagenet: 1 seeds of resnet18
	// similarity demo: 1 seeds of resnet8
	// similarity cifar10: 1 seeds of resnet20
	// similarity imagenet: 1 seeds of resnet18
	// gradient_noise demo: 1 seeds of resnet8
	// gradient_noise cifar10: 1 seeds of resnet20
	// gradient_noise imagenet: 1 seeds of resnet18
	// convergence demo: 1 seeds of resnet8
	// convergence cifar10: 1 seeds of resnet20
	// convergence imagenet: 1 seeds of resnet18
	// calibration demo: 1 seeds of resnet8
	// calibration cifar10: 1 seeds of resnet20
	// calibration imagenet: 1 seeds of resnet18
	// schedule demo: 1 seeds of resnet8
	// schedule cifar10: 1 seeds of resnet20
	// schedule imagenet: 1 seeds of resnet18
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "weights.pth")
	for name, test := range map[string]struct {
		experiment string
		options    experiments.Options
		want       string
	}{
		"unknown experiment": {"table2", experiments.Options{Preset: "demo"}, `no experiment "table2"; there are table1`},
		"unknown preset":     {"table1", experiments.Options{Preset: "big"}, `no preset "big"; it has demo, cifar10, imagenet`},
		"different images": {"table1", experiments.Options{Preset: "imagenet", Data: dir, Networks: []string{"resnet18", "inception_v3"}, Weights: []string{file, file}},
			"resnet18 and inception_v3 take different images"},
		"a network twice":  {"table1", experiments.Options{Preset: "cifar10", Data: dir, Networks: []string{"resnet20", "resnet20"}, Weights: []string{file, file}}, "network resnet20 twice"},
		"no files":         {"table1", experiments.Options{Preset: "cifar10"}, "--data, --network, --weights"},
		"weights missing":  {"table1", experiments.Options{Preset: "cifar10", Data: dir, Networks: []string{"resnet20", "resnet56"}, Weights: []string{"a"}}, "1 weight files for 2 networks"},
		"no data there":    {"table1", experiments.Options{Preset: "cifar10", Data: dir, Weights: []string{"a"}}, dir},
		"no weights there": {"table1", experiments.Options{Preset: "demo", Data: "builtin", Weights: []string{"no-such-file"}}, "no-such-file"},
		"negative seeds":   {"table1", experiments.Options{Preset: "demo", Seeds: -1}, "-1 seeds"},
	} {
		e, err := all.Get(test.experiment)
		if err == nil {
			_, err = e.Open(test.options)
		}
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want one line with %q", name, err, test.want)
		}
	}
}

// Results of other networks stand beside those of the preset's own.
func TestPlansAreNamedByTheirNetworks(t *testing.T) {
	file := filepath.Join(t.TempDir(), "weights.th")
	if err := os.WriteFile(file, []byte("not read before a run is begun"), 0o666); err != nil {
		t.Fatal(err)
	}
	e, err := all.Get("table1")
	if err != nil {
		t.Fatal(err)
	}
	for want, networks := range map[string][]string{"demo": {"resnet8"}, "demo-resnet32": {"resnet32"}, "demo-resnet8-resnet20": {"resnet8", "resnet20"}} {
		plan, err := e.Open(experiments.Options{Preset: "demo", Data: lpq.BuiltIn, Networks: networks, Weights: slices.Repeat([]string{file}, len(networks))})
		if err != nil {
			t.Fatal(err)
		}
		if got := plan.Name(); got != want {
			t.Errorf("the plan of %v is named %s, want %s", networks, got, want)
		}
	}
}

// Every experiment plans its runs on photographs.
func TestOpenPhotographs(t *testing.T) {
	options := experiments.Options{Preset: "imagenet", Data: shared.Path(t, "data", "imagenet-sample"), Networks: []string{"efficientnet_lite0"},
		Weights: []string{shared.Path(t, "models", "efficientnet_lite0", "efficientnet-lite0-57934424.pth")}, Limits: run.Limits{Train: 50, Test: 50}}
	for _, e := range all.Experiments() {
		plan, err := e.Open(options)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range plan.Runs {
			if c.Network != "efficientnet_lite0" || c.Data.Train+c.Data.Validation != 50 || c.Data.Test != 50 {
				t.Errorf("%s: run %s of %s on %+v", e.Name, c.ID(), c.Network, c.Data)
			}
		}
	}
}

// Presets name what there is.
func TestPresets(t *testing.T) {
	for _, e := range all.Experiments() {
		for _, p := range e.Presets {
			network, err := models.Get(p.Network)
			if err != nil || network.TakesPhotographs() != (p.Name == "imagenet") {
				t.Errorf("%s %s: network %s: %v", e.Name, p.Name, p.Network, err)
			}
			if p.Cost == "" || p.Seeds < 1 {
				t.Errorf("%s %s: cost %q, %d seeds", e.Name, p.Name, p.Cost, p.Seeds)
			}
		}
	}
}
