package report

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
)

// kind is runs that differ in nothing but the seed: repeats of each other.
type kind struct {
	name string
	runs []*Run // in the order in which they were given, whatever became of them
}

// kindsOf sorts runs by what they are, in the order in which they were given, and gives kinds and runs their names.
func kindsOf(runs []*Run) (kinds []*kind) {
	open := map[string][]*kind{}
	for _, r := range runs {
		key := settingsKey(r.Config)
		i := slices.IndexFunc(open[key], func(k *kind) bool {
			return !slices.ContainsFunc(k.runs, func(other *Run) bool { return !repeats(other.Config, r.Config) })
		})
		if i < 0 {
			k := &kind{}
			kinds, open[key] = append(kinds, k), append(open[key], k)
			i = len(open[key]) - 1
		}
		open[key][i].runs = append(open[key][i].runs, r)
	}
	nameKinds(kinds)
	return kinds
}

// repeats tells whether runs of the same settings are repeats of each other: with another seed from the same start, or each from the run of its own seed.
func repeats(a, b run.Config) bool {
	return a.Seed != b.Seed && (a.Start.Run == b.Start.Run || startsFromOwnSeed(a) && startsFromOwnSeed(b))
}

// seedAndHash end the ID of a run.
var seedAndHash = regexp.MustCompile(`-s(\d+)-[0-9a-f]{8}$`)

func startsFromOwnSeed(c run.Config) bool {
	match := seedAndHash.FindStringSubmatch(c.Start.Run)
	return match != nil && match[1] == fmt.Sprint(c.Seed)
}

// settingsKey is the same for runs of the same settings: everything in a configuration but the seed, where files are, and the seed of the run that it
// starts from.
func settingsKey(c run.Config) string {
	c.Seed, c.Start.File, c.Data.Folder = 0, "", ""
	c.Start.Run = seedAndHash.ReplaceAllString(c.Start.Run, "")
	text, err := json.Marshal(c)
	if err != nil {
		return fmt.Sprintf("%+v", c) // a number that JSON cannot say
	}
	return string(text)
}

// nameKinds calls a kind by its label, with the network where there are several, and what tells it from others of that label where there are any.
func nameKinds(kinds []*kind) {
	networks, labels := map[string]bool{}, map[string]int{}
	for _, k := range kinds {
		networks[k.config().Network] = true
	}
	for _, k := range kinds {
		k.name = k.config().Label
		if len(networks) > 1 {
			k.name = k.config().Network + " " + k.name
		}
		labels[k.name]++
	}
	taken := map[string]int{}
	for _, k := range kinds {
		if labels[k.name] > 1 {
			k.name = fmt.Sprintf("%s (%s)", k.name, k.runs[0].mark)
		}
		if taken[k.name]++; taken[k.name] > 1 {
			k.name = fmt.Sprintf("%s #%d", k.name, taken[k.name])
		}
		for _, r := range k.runs {
			r.Name = k.name
			if len(k.runs) > 1 {
				r.Name = fmt.Sprintf("%s, seed %d", k.name, r.Config.Seed)
			}
		}
	}
}

// config is that of the first run: the others' differ in the seed.
func (k *kind) config() run.Config { return k.runs[0].Config }

// done are the runs that have ended well, as experiments compares them.
func (k *kind) done() experiments.Group {
	g := experiments.Group{Network: k.config().Network, Label: k.name}
	for _, r := range k.runs {
		if r.Status.State == run.Done && r.Result.Images > 0 {
			g.Runs = append(g.Runs, r.Outcome)
		}
	}
	return g
}

// truth is the hash of the labels that all its finished runs were judged by; empty where there is none in common.
func (k *kind) truth() (truth string) {
	for _, r := range k.runs {
		switch {
		case r.Status.State != run.Done:
		case r.truth == "" || truth != "" && truth != r.truth:
			return ""
		default:
			truth = r.truth
		}
	}
	return truth
}

// beside are two kinds as experiments.Compare pairs their runs, by seed. A single baseline stands beside every seed, whatever it is called here.
func beside(a, b *kind) (experiments.Group, experiments.Group) {
	x, y := a.done(), b.done()
	if y.Label != experiments.BaselineLabel { // that one Compare knows
		y = repeated(y, b, x)
	}
	return repeated(x, a, y), y
}

// repeated is a kind with its single run, where that is a baseline, for each seed of the other.
func repeated(g experiments.Group, k *kind, other experiments.Group) experiments.Group {
	if len(g.Runs) != 1 || k.config().Label != experiments.BaselineLabel {
		return g
	}
	baseline := g.Runs[0]
	g.Runs = nil
	for _, o := range other.Runs {
		baseline.Config.Seed = o.Config.Seed
		g.Runs = append(g.Runs, baseline)
	}
	return g
}
