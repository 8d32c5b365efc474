package main

import (
	"fmt"
	"io"
	"os"

	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/lowprec/lpnets/experiments/report"
	runs "github.com/lowprec/lpnets/experiments/run"
)

// reported is the result of lpq report.
type reported struct {
	File  string        `json:"file"`
	Bytes int64         `json:"bytes"`
	Runs  []reportedRun `json:"runs"`
}

// reportedRun is a run in a report.
type reportedRun struct {
	Name    string     `json:"name"` // in the report
	Folder  string     `json:"folder"`
	State   runs.State `json:"state"`
	Reason  string     `json:"reason,omitempty"`
	Top1Pct *float64   `json:"top1_pct,omitempty"`
	Missing []string   `json:"missing,omitempty"` // what the folder does not tell
}

func newReport(g *global) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "report RUN...",
		Short: "One HTML file about runs: accuracy, curves, similarity, ranges, settings",
		Long: `Writes what runs came to into one HTML file that needs nothing else, neither network nor scripts: accuracies with their intervals, tests of the
differences, training curves, similarity of the weights layer by layer, ranges and exponents, settings and environment.

  lpq report runs/experiments/resnet20-baseline-s1-* runs/experiments/resnet20-w4a4-*
  lpq report runs/w4a4 --out w4a4.html

Runs are folders of lpq experiment, lpq finetune or lpq train. The first one is what the others are compared with. Runs that differ in nothing but the
seed are taken as repeats of each other. One that failed, or is not done, is shown with its reason.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.Errorf("got 0 arguments, want the folders of one or more runs%s", seeHelp(cmd))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput("out", out); err != nil {
				return err
			}
			r, err := report.Open(args...)
			if err != nil {
				return err
			}
			if err := r.Save(out); err != nil {
				return err
			}
			result, err := newReported(out, r)
			if err != nil {
				return err
			}
			return g.print(cmd.OutOrStdout(), result, result.text)
		},
	}
	cmd.Flags().StringVar(&out, "out", "report.html", "file for the report")
	return cmd
}

func newReported(path string, r *report.Report) (reported, error) {
	info, err := os.Stat(path)
	if err != nil {
		return reported{}, errors.WithStack(err)
	}
	result := reported{File: path, Bytes: info.Size()}
	for _, o := range r.Runs {
		row := reportedRun{Name: o.Name, Folder: o.Dir, State: o.Status.State, Reason: o.Status.Reason, Missing: o.Missing}
		if o.Result.Images > 0 {
			row.Top1Pct = &o.Result.Top1Pct
		}
		result.Runs = append(result.Runs, row)
	}
	return result, nil
}

func (r reported) text(w io.Writer) {
	var rows [][]string
	for _, o := range r.Runs {
		row := []string{o.Name, string(o.State), "", ""}
		if o.Top1Pct != nil {
			row[2] = fmt.Sprintf("%.2f", *o.Top1Pct)
		}
		if o.Reason != "" {
			row[3] = oneLine(errors.New(o.Reason))
		}
		rows = append(rows, row)
	}
	columns(w, []string{"run", "state", "top-1 %", "reason"}, rows)
	fmt.Fprintf(w, "report  %s (%d kB)\n", r.File, (r.Bytes+999)/1000)
}
