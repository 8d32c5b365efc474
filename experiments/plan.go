package experiments

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/internal/atomicfile"
	"github.com/lowprec/lpnets/internal/differ"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/pretrained"
)

// Options choose what an experiment is run on. Zero values take the preset's.
type Options struct {
	Preset   string     `json:"preset"`
	Data     string     `json:"data,omitempty"`     // folder of CIFAR-10's files
	Networks []string   `json:"networks,omitempty"` // of the zoo
	Weights  []string   `json:"weights,omitempty"`  // a file for each network, or the name of one whose published weights were pulled
	Seeds    int        `json:"seeds,omitempty"`
	Limits   run.Limits `json:"limits,omitzero"`
}

// Material is what plans are made of: a preset with its data and networks at hand.
type Material struct {
	Preset   Preset
	Data     run.Data
	Networks []Network
	Seeds    []uint64
}

// Network is a pretrained one.
type Network struct {
	Name  string
	Start run.Start
}

// BaselineLabel marks the runs that Material.Baseline makes.
const BaselineLabel = "baseline"

// HoldOut is the material with a tenth of the training images held out for validation, for runs that something is chosen by.
func (m Material) HoldOut() Material {
	m.Data = m.Data.HoldOut(max(1, (m.Data.Train+m.Data.Validation)/10))
	return m
}

// Baseline is the run that makes the fp32 network which everything else starts from and is compared with.
func (m Material) Baseline(n Network) run.Config {
	return run.Config{Label: BaselineLabel, Network: n.Name, Seed: 1, Start: n.Start, Data: m.Data, Recipe: m.Preset.RecipesFor(n.Name).Adapt}
}

// RandomSeed is what the seeds of runs from random weights are above the others': the built-in network was once trained from the random weights of
// seed 1, to which it is still similar.
const RandomSeed = 100

// ScratchLabel marks the runs that Material.Scratch makes.
const ScratchLabel = "scratch"

// Scratch is the run that trains a network from random weights in fp32.
func (m Material) Scratch(network string, seed uint64) run.Config {
	recipe := m.Preset.RecipesFor(network).Scratch
	return run.Config{Label: ScratchLabel, Network: network, Seed: RandomSeed + seed, Data: m.Data, Recipe: &recipe}
}

// Tune is a run that trains what another one ended with.
func (m Material) Tune(start run.Config, label string, recipe finetune.Recipe, seed uint64) run.Config {
	return run.Config{Label: label, Network: start.Network, Seed: seed, Start: run.From(start), Data: m.Data, Recipe: &recipe}
}

// Plan is an experiment with all that it takes: the runs and their data. It is kept as JSON beside the runs.
type Plan struct {
	Experiment string       `json:"experiment"`
	Options    Options      `json:"options"`
	Runs       []run.Config `json:"runs"`

	experiment Experiment
	sets       lpq.Sets
	path       string // where it was read
}

// Open loads the data and reads the weights that the options name, and plans the runs. It returns an error for networks that see photographs differently: they
// are compared on the same images.
func (e Experiment) Open(options Options) (*Plan, error) {
	preset, err := e.Preset(options.Preset)
	if err != nil {
		return nil, err
	}
	if options, err = options.complete(preset); err != nil {
		return nil, errors.WithMessagef(err, "experiment %s, preset %s", e.Name, preset.Name)
	}
	network, err := options.network()
	if err != nil {
		return nil, errors.WithMessagef(err, "experiment %s", e.Name)
	}
	sets, data, err := run.OpenData(options.Data, network, options.Limits)
	if err != nil {
		return nil, err
	}
	m := Material{Preset: preset, Data: data}
	for i, name := range options.Networks {
		start, err := run.FromFile(options.Weights[i])
		if err != nil {
			return nil, err
		}
		m.Networks = append(m.Networks, Network{name, start})
	}
	for i := range options.Seeds {
		m.Seeds = append(m.Seeds, uint64(i+1))
	}
	return &Plan{Experiment: e.Name, Options: options, Runs: e.Plan(m), experiment: e, sets: sets}, nil
}

// Reopen is Open for a plan that was read from the folder of its runs. It returns an error if other runs follow from its options now, as with a weight file
// that was replaced: those that were begun would be left behind.
func (e Experiment) Reopen(read Plan) (*Plan, error) {
	plan, err := e.Open(read.Options)
	if err != nil {
		return nil, err
	}
	before := ids(read.Runs)
	i := slices.IndexFunc(plan.Runs, func(c run.Config) bool { return !slices.Contains(before, c.ID()) })
	if i < 0 && len(read.Runs) == len(plan.Runs) {
		return plan, nil
	}
	differences := []differ.Difference{{Field: "the number of runs", Values: []string{fmt.Sprint(len(read.Runs)), fmt.Sprint(len(plan.Runs))}}}
	if len(read.Runs) == len(plan.Runs) {
		if differences, err = differ.Of(read.Runs[i], plan.Runs[i]); err != nil {
			return nil, err
		}
	}
	return nil, errors.Errorf("other runs follow from the options now than were planned: %s; run the experiment again for those, or remove %s",
		differ.Sentence(differences), read.path)
}

// ids are the names of the runs' folders.
func ids(runs []run.Config) []string {
	names := make([]string, len(runs))
	for i, c := range runs {
		names[i] = c.ID()
	}
	return names
}

// network is the first one, for all of them take the same images.
func (o Options) network() (first models.Network, err error) {
	for i, name := range o.Networks {
		n, err := models.Get(name)
		if err != nil {
			return first, err
		}
		if i == 0 {
			first = n
		}
		if slices.Contains(o.Networks[:i], name) {
			return first, errors.Errorf("network %s twice; give each once, with one weight file", name)
		}
		if n.Input != first.Input || n.Preprocess != first.Preprocess {
			return first, errors.Errorf("networks %s and %s take different images; run them one after the other, into the same folder", first.Name, name)
		}
	}
	return first, nil
}

// maxSeeds is more repeats than anybody has time for: a mistyped number is not to fill the memory with runs.
const maxSeeds = 1000

// complete fills in the preset's choices.
func (o Options) complete(p Preset) (Options, error) {
	if o.Seeds == 0 {
		o.Seeds = p.Seeds
	}
	if o.Limits.Train == 0 {
		o.Limits.Train = p.Limits.Train
	}
	if o.Limits.Test == 0 {
		o.Limits.Test = p.Limits.Test
	}
	if len(o.Networks) == 0 {
		o.Networks = []string{p.Network}
	}
	if !p.Files && o.Data == "" && len(o.Weights) == 0 {
		o.Data, o.Weights = lpq.BuiltIn, slices.Repeat([]string{lpq.BuiltIn}, len(o.Networks))
	}
	switch {
	case o.Seeds < 1 || o.Seeds > maxSeeds:
		return o, errors.Errorf("%d seeds; want 1 to %d", o.Seeds, maxSeeds)
	case o.Data == "" || len(o.Weights) == 0:
		return o, errors.New("name the folder of the data, and a weight file for each network (lpq experiment run: --data, --network, --weights)")
	case len(o.Weights) != len(o.Networks):
		return o, errors.Errorf("%d weight files for %d networks; want one for each, in the same order", len(o.Weights), len(o.Networks))
	}
	o.Weights = slices.Clone(o.Weights)
	for i := range o.Weights {
		var err error
		if o.Weights[i], err = pretrained.Resolve(o.Weights[i]); err != nil {
			return o, err
		}
		if err := absolute(&o.Weights[i]); err != nil {
			return o, err
		}
	}
	return o, absolute(&o.Data)
}

// absolute makes a path one that is found from any folder: a sweep may be resumed elsewhere.
func absolute(path *string) (err error) {
	if *path == lpq.BuiltIn {
		return nil
	}
	*path, err = filepath.Abs(*path)
	return errors.Wrap(err, "folder that paths start from")
}

// planSuffix ends the names of plans in a folder of runs.
const planSuffix = ".plan.json"

// Name is the preset's, with the networks where they are others than its own, such as cifar10-resnet32: their files and results stand beside those of the
// preset. The plan is one that Open has made.
func (p *Plan) Name() string {
	preset, _ := p.experiment.Preset(p.Options.Preset) // Open has found it
	if networks := p.Options.Networks; !slices.Equal(networks, []string{preset.Network}) {
		return p.Options.Preset + "-" + strings.Join(networks, "-")
	}
	return p.Options.Preset
}

// file is the plan's name in a folder of runs: a plan with other seeds, images or weights stands beside it.
func (p *Plan) file() string {
	return fmt.Sprintf("%s-%s-%s%s", p.Experiment, p.Name(), p.hash(), planSuffix)
}

// hash tells the plan from those with other runs.
func (p *Plan) hash() string {
	sum := sha256.Sum256([]byte(strings.Join(ids(p.Runs), "\n")))
	return hex.EncodeToString(sum[:4])
}

// ResultsIn is a folder for the results, in one with those of other plans: Name. Where that has results of a run that the plan lacks, they are not to be replaced,
// and a hash is added to the name.
func (p *Plan) ResultsIn(dir string) (string, error) {
	into := filepath.Join(dir, p.Name())
	text, err := os.ReadFile(filepath.Join(into, settingsFile))
	if errors.Is(err, os.ErrNotExist) {
		return into, nil
	}
	var there []struct{ Run string }
	if err == nil {
		err = json.Unmarshal(text, &there)
	}
	names := ids(p.Runs)
	for _, s := range there {
		if !slices.Contains(names, s.Run) {
			return into + "-" + p.hash(), nil
		}
	}
	return into, errors.Wrapf(err, "results in %s", into)
}

// Run does what is not done of the plan, with a folder for each run in dir. See run.Sweep.
func (p *Plan) Run(ctx context.Context, engine compute.Backend, dir string, report func(i int, status run.Status)) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return errors.Wrap(err, "folder of the runs")
	}
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return errors.Wrap(err, "plan of the experiment")
	}
	if err := atomicfile.WriteBytes(filepath.Join(dir, p.file()), append(text, '\n')); err != nil {
		return err
	}
	sweep := run.Sweep{Dir: dir, Runs: p.Runs, Engine: engine, Sets: p.sets, Measures: p.experiment.Measures, Report: report}
	return sweep.Run(ctx)
}

// ReadPlans reads what was planned in a folder of runs: options and runs, without data. Plans that cannot be read are in damaged, each with its file and the
// way out.
func ReadPlans(dir string) (plans []Plan, damaged []error, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, errors.Wrap(err, "folder of the runs")
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), planSuffix) {
			continue
		}
		p := Plan{path: filepath.Join(dir, entry.Name())}
		text, err := os.ReadFile(p.path)
		if err == nil {
			err = json.Unmarshal(text, &p)
		}
		if err != nil {
			damaged = append(damaged, errors.Wrapf(err, "plan %s is damaged: remove it, and run the experiment again", p.path))
			continue
		}
		plans = append(plans, p)
	}
	return plans, damaged, nil
}
