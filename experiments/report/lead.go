package report

import (
	"fmt"
	"strings"

	"github.com/lowprec/lpnets/experiments/run"
)

// title says what the report is about.
func (r *Report) title() string {
	what := fmt.Sprintf("%d runs", len(r.Runs))
	if len(r.Runs) == 1 {
		what = r.Runs[0].Name
	}
	if networks := r.networks(); len(networks) > 0 {
		return strings.Join(networks, ", ") + ": " + what
	}
	return what
}

func (r *Report) networks() []string {
	return distinct(r.Runs, func(o *Run) string { return o.Config.Network })
}

// lead says how many runs on what, and what became of them.
func (r *Report) lead() string {
	lead := "1 run"
	if len(r.Runs) > 1 {
		lead = fmt.Sprintf("%d runs", len(r.Runs))
	}
	if data := distinct(r.Runs, dataText); len(data) > 0 {
		lead += " on " + strings.Join(data, "; ")
	}
	number := map[run.State]int{}
	for _, o := range r.Runs {
		number[o.Status.State]++
	}
	var became []string
	for _, state := range []run.State{run.Done, run.Running, run.Interrupted, run.Planned, run.Failed} {
		if n := number[state]; n > 0 {
			became = append(became, fmt.Sprintf("%d %s", n, state))
		}
	}
	return lead + ": " + strings.Join(became, ", ") + "."
}

// dataText is a run's data set, with the number of its images as far as it is known; empty where nothing is.
func dataText(o *Run) string {
	d := o.Config.Data
	var images []string
	for _, part := range []struct {
		n    int
		what string
	}{{d.Train, "training"}, {d.Validation, "validation"}, {d.Test, "test"}} {
		if part.n > 0 {
			images = append(images, fmt.Sprintf("%s %s", count(part.n), part.what))
		}
	}
	if len(images) == 0 {
		return d.Name
	}
	return fmt.Sprintf("%s (%s images)", d.Name, strings.Join(images, ", "))
}

// missing says what is not in the folders, and in which.
func (r *Report) missing() (all []string) {
	lacking := map[string][]string{}
	var order []string
	for _, o := range r.Runs {
		for _, text := range o.Missing {
			if lacking[text] == nil {
				order = append(order, text)
			}
			lacking[text] = append(lacking[text], o.Name)
		}
	}
	for _, text := range order {
		all = append(all, fmt.Sprintf("%s (%s)", text, strings.Join(lacking[text], "; ")))
	}
	return all
}

// distinct are the texts of runs, each once, in their order.
func distinct(runs []*Run, of func(*Run) string) (all []string) {
	seen := map[string]bool{}
	for _, o := range runs {
		if text := of(o); text != "" && !seen[text] {
			seen[text] = true
			all = append(all, text)
		}
	}
	return all
}
