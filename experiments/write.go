package experiments

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/internal/atomicfile"
	"github.com/lowprec/lpnets/lpq"
)

// Files of results, beside a CSV file for each table and a PNG and SVG file for each figure.
const (
	resultsFile  = "results.md"    // tables and figures to read
	settingsFile = "settings.json" // every run's configuration, environment and time
)

// Written is where results were written.
type Written struct {
	Dir    string   `json:"folder"`
	Files  []string `json:"files"`
	Failed []string `json:"failed,omitempty"` // runs that are not done, each with its reason
	Tables []Table  `json:"-"`
}

// Write makes tables and figures of what is done of the plan, from the runs in dir, and writes them into a folder. But for settings.json they
// depend on the plan, the engine, and what was kept of the runs alone. It returns an error if no run is done: others may be there that are not to be replaced by empty tables.
func (p *Plan) Write(dir, into string) (Written, error) {
	outcomes, report, err := p.report(dir)
	if err != nil {
		return Written{}, err
	}
	if len(Groups(outcomes)) == 0 {
		reason := ""
		if i := slices.IndexFunc(outcomes, func(o run.Outcome) bool { return o.Status.State == run.Failed }); i >= 0 {
			reason = "; " + failures(outcomes[i:])[0]
		}
		return Written{}, errors.Errorf("no run of %s, preset %s, is done in %s%s", p.Experiment, p.Options.Preset, dir, reason)
	}
	w := Written{Dir: into, Failed: failures(outcomes), Tables: report.Tables}
	if err := os.MkdirAll(into, 0o777); err != nil {
		return w, errors.Wrap(err, "folder of the results")
	}
	files, err := p.files(report, outcomes)
	if err != nil {
		return w, err
	}
	for _, f := range files {
		if err := atomicfile.WriteBytes(filepath.Join(into, f.name), f.content); err != nil {
			return w, err
		}
		w.Files = append(w.Files, f.name)
	}
	return w, nil
}

// Report makes tables and figures of what is done of the plan, from the runs in dir.
func (p *Plan) Report(dir string) (Report, error) {
	_, report, err := p.report(dir)
	return report, err
}

func (p *Plan) report(dir string) ([]run.Outcome, Report, error) {
	outcomes, err := run.Collect(dir, p.Runs)
	if err != nil {
		return nil, Report{}, err
	}
	report, err := p.experiment.Report(outcomes)
	if err != nil {
		return nil, report, errors.WithMessagef(err, "results of %s", p.Experiment)
	}
	runs, err := RunsTable(outcomes)
	report.Tables = append(report.Tables, runs)
	return outcomes, report, err
}

// failures are the runs that are not done, those that failed first; a reason is missing where the disk was too full to record it.
func failures(outcomes []run.Outcome) []string {
	var failed, open []string
	for _, o := range outcomes {
		switch id := o.Config.ID(); {
		case o.Status.State == run.Done:
		case o.Status.Reason != "":
			failed = append(failed, fmt.Sprintf("%s: %s", id, o.Status.Reason))
		default:
			open = append(open, fmt.Sprintf("%s: %s", id, o.Status.State))
		}
	}
	return append(failed, open...)
}

// notDone says which runs are missing: those that failed with their reasons, the others together, whether they have begun or not.
func notDone(outcomes []run.Outcome) (missing []string) {
	var failed []run.Outcome
	var open []string
	for _, o := range outcomes {
		switch o.Status.State {
		case run.Done:
		case run.Failed:
			failed = append(failed, o)
		default:
			open = append(open, o.Config.ID())
		}
	}
	missing = failures(failed)
	if len(open) > 0 {
		missing = append(missing, fmt.Sprintf("%d of %d runs: %s", len(open), len(outcomes), strings.Join(open, ", ")))
	}
	return missing
}

// resultsBody is what follows upon title and claim in resultsFile.
const resultsBody = "Preset `"

type file struct {
	name    string
	content []byte
}

// files are all that is written, in memory.
func (p *Plan) files(report Report, outcomes []run.Outcome) (files []file, err error) {
	var text bytes.Buffer
	fmt.Fprintf(&text, "# %s\n\n%s\n\n"+resultsBody+"%s`, %s.\n", p.experiment.Title, p.experiment.Claim, p.Options.Preset, p.about())
	for _, t := range report.Tables {
		content, err := t.CSV()
		if err != nil {
			return nil, err
		}
		files = append(files, file{t.Name + ".csv", content})
		if len(t.Shown) > 0 {
			fmt.Fprintf(&text, "\n%s", t.Markdown())
		}
	}
	for _, note := range report.Notes {
		fmt.Fprintf(&text, "\n%s\n", note)
	}
	for _, missing := range notDone(outcomes) {
		fmt.Fprintf(&text, "\nNot done: %s.\n", missing)
	}
	for _, f := range report.Figures {
		for extension, draw := range map[string]func() ([]byte, error){".png": f.Figure.PNG, ".svg": f.Figure.SVG} {
			content, err := draw()
			if err != nil {
				return nil, err
			}
			files = append(files, file{f.Name + extension, content})
		}
		fmt.Fprintf(&text, "\n![%s](%s.png)\n", f.Figure.Title(), f.Name)
	}
	settings, err := p.settings(outcomes)
	return append(files, file{resultsFile, text.Bytes()}, file{settingsFile, settings}), err
}

// about says what the preset's runs were made with.
func (p *Plan) about() string {
	preset, _ := p.experiment.Preset(p.Options.Preset) // Open has found it
	data := p.Runs[0].Data
	about := preset.About
	if !preset.Files && p.Options.Data != lpq.BuiltIn {
		about = "its recipes, on " + data.Name + " and pretrained networks"
	}
	seeds := "seed 1"
	if p.Options.Seeds > 1 {
		seeds = fmt.Sprintf("seeds 1 to %d", p.Options.Seeds)
	}
	return fmt.Sprintf("%s; %d training and %d test images, %s", about, data.Train, data.Test, seeds)
}

// settings are the runs' configurations, with the names of files instead of where they are here, and what they were made with.
func (p *Plan) settings(outcomes []run.Outcome) ([]byte, error) {
	type setting struct {
		Run         string          `json:"run"`
		Config      run.Config      `json:"config"`
		Status      run.Status      `json:"status"`
		SHA256      string          `json:"sha256,omitempty"` // of the final weights
		Environment run.Environment `json:"environment,omitzero"`
	}
	var settings []setting
	for _, o := range outcomes {
		s := setting{Run: o.Config.ID(), Config: o.Config.Portable(), Status: o.Status, SHA256: o.Result.SHA256}
		if o.Status.State == run.Done {
			var err error
			if s.Environment, err = o.Environment(); err != nil {
				return nil, err
			}
		} else if o.Status.State != run.Failed {
			s.Status = run.Status{State: run.Planned}
		}
		settings = append(settings, s)
	}
	text, err := json.MarshalIndent(settings, "", "  ")
	return append(text, '\n'), errors.Wrap(err, "settings of the experiment")
}
