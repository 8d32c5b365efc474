package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/internal/differ"
)

// settings has what kinds of runs differ in, and then what they share.
func (r *Report) settings() (section, error) {
	s := section{ID: "settings", Title: "Settings"}
	values, heads := make([]any, len(r.kinds)), columns("setting")
	for i, k := range r.kinds {
		values[i] = k.shownSettings()
		heads = append(heads, column{Name: k.name})
	}
	differences, common, err := divide(values)
	if err != nil {
		return s, err
	}
	if len(differences) > 0 {
		t := &table{Caption: "What the runs differ in; – where the default holds, or there is none.", Columns: heads, Names: 1}
		for _, d := range differences {
			t.Rows = append(t.Rows, append(cells(d.Field), texts(d.Values)...))
		}
		s.add(t)
	}
	if len(r.kinds) == 1 {
		s.add(fieldTable("All settings.", "setting", common))
	} else {
		s.add(&fold{Summary: "What all runs share", Blocks: []block{{Table: fieldTable("Settings that are the same in all runs.", "setting", common)}}})
	}
	return s, nil
}

// shownSettings is the configuration with the seeds of all runs, and names of files instead of where they are.
func (k *kind) shownSettings() any {
	seeds := make([]string, len(k.runs))
	for i, o := range k.runs {
		seeds[i] = fmt.Sprint(o.Config.Seed)
	}
	return struct {
		run.Config
		Seed string `json:"seed"`
	}{k.config().Portable(), strings.Join(seeds, ", ")}
}

// divide lists the fields in which values differ, and those, with their value, in which they do not.
func divide(values []any) (differences, common []differ.Difference, err error) {
	if differences, err = differ.Of(values...); err != nil || len(values) == 0 {
		return nil, nil, err
	}
	all, err := differ.Of(values[0], struct{}{})
	for _, field := range all {
		if !slices.ContainsFunc(differences, func(d differ.Difference) bool { return d.Field == field.Field }) {
			common = append(common, field)
		}
	}
	return differences, common, err
}

func fieldTable(caption, what string, fields []differ.Difference) *table {
	t := &table{Caption: caption, Columns: columns(what, "value")}
	for _, f := range fields {
		t.Rows = append(t.Rows, append(cells(f.Field), texts(f.Values[:1])...))
	}
	return t
}

// environment has a row for each run, with what differs, and then what all share.
func (r *Report) environment() (section, error) {
	s := section{ID: "environment", Title: "Environment and files"}
	var values []any
	for _, o := range r.Runs {
		if o.Made != nil {
			last := *o.Made
			last.Before = nil // has a table of its own
			values = append(values, last)
		}
	}
	differences, common, err := divide(values)
	if err != nil {
		return s, err
	}
	t := &table{Caption: "Every run: when, how long, and in what its environment differs from the others'. Times are UTC. A + after a git commit: files had been changed since.",
		Columns: columns("run", "state", "started_", "ended_", "wall time s#")}
	for _, d := range differences {
		t.Columns = append(t.Columns, column{Name: d.Field})
	}
	at := 0
	for _, o := range r.Runs {
		row := cells(o.Name, string(o.Status.State), moment(o.Status.Started), moment(o.Status.Ended), seconds(o.Status.Seconds))
		for _, d := range differences {
			text := ""
			if o.Made != nil {
				text = d.Values[at]
			}
			row = append(row, texts([]string{text})...)
		}
		if o.Made != nil {
			at++
		}
		t.Rows = append(t.Rows, row)
	}
	s.add(t)
	earlier, err := r.earlierEnvironments()
	if err != nil {
		return s, err
	}
	if len(earlier.Rows) > 0 {
		s.add(earlier)
	}
	if len(common) > 0 {
		s.add(fieldTable("The environment that all runs share.", "environment", common))
	}
	s.add(&fold{Summary: "Files and their sha256", Blocks: []block{{Table: r.filesTable()}}})
	return s, nil
}

// earlierEnvironments has what differed in the attempts before a run's last one.
func (r *Report) earlierEnvironments() (*table, error) {
	t := &table{Caption: "Runs that were interrupted, and began in another environment than the one they ended in.", Columns: columns("run", "attempt#", "environment", "was", "at last")}
	for _, o := range r.Runs {
		if o.Made == nil {
			continue
		}
		last := *o.Made
		last.Before = nil
		for i, before := range o.Made.Before {
			differences, err := differ.Of(before, last)
			if err != nil {
				return nil, err
			}
			for _, d := range differences {
				t.Rows = append(t.Rows, append(cells(o.Name, i+1, d.Field), texts(d.Values)...))
			}
		}
	}
	return t, nil
}

func (r *Report) filesTable() *table {
	t := &table{Caption: "Files of the runs.", Columns: columns("run", "file", "bytes#", "sha256")}
	for _, o := range r.Runs {
		for _, f := range o.files {
			t.Rows = append(t.Rows, cells(o.Name, f.name, count(int(f.size)), cell{Text: f.sha256, Code: true}))
		}
	}
	return t
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}

func seconds(s float64) string {
	if s == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f", s)
}
