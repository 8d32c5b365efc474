package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/gomlx/compute"
	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/all"
	runs "github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
)

// runsFolder is where experiments keep their runs.
const runsFolder = "runs/experiments"

func newExperiment(g *global) *cobra.Command {
	return newGroup("experiment", "The paper's tables and figures: list, run, resume, compare", `Each claim of the paper is an experiment: runs, and the tables and figures that follow from them.

  lpq experiment list
  lpq experiment run table1 --preset demo
  lpq experiment run table1 --preset cifar10 --data cifar-10-batches-bin --network resnet20 --weights resnet20.th
  lpq experiment status

Every run has a folder, named by what decides its result, with configuration, environment, status, metrics.jsonl, event files for TensorBoard
(tensorboard --logdir runs/experiments), checkpoints and result. A run that is done is never repeated, an interrupted one goes on, one that fails is
recorded with its reason while the others go on. Several processes may work on one folder.`,
		newExperimentList(g), newExperimentRun(g), newExperimentStatus(g), newExperimentResume(g), newExperimentCompare(g))
}

// presetRow is a preset as it is listed.
type presetRow struct {
	Name  string `json:"name"`
	About string `json:"about"`
	Cost  string `json:"cost"`
	Seeds int    `json:"seeds"`
}

// experimentRow is an experiment as it is listed.
type experimentRow struct {
	Name    string      `json:"name"`
	Title   string      `json:"title"`
	Claim   string      `json:"claim"`
	Presets []presetRow `json:"presets"`
}

func newExperimentList(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the experiments, their presets and what they cost",
		Args:  arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var rows []experimentRow
			for _, e := range all.Experiments() {
				row := experimentRow{Name: e.Name, Title: e.Title, Claim: e.Claim}
				for _, p := range e.Presets {
					row.Presets = append(row.Presets, presetRow{p.Name, p.About, p.Cost, p.Seeds})
				}
				rows = append(rows, row)
			}
			return g.print(cmd.OutOrStdout(), rows, func(w io.Writer) {
				for _, row := range rows {
					row.text(w)
				}
			})
		},
	}
}

func (r experimentRow) text(w io.Writer) {
	fmt.Fprintf(w, "%s: %s\n  %s\n", r.Name, r.Title, r.Claim)
	for _, p := range r.Presets {
		fmt.Fprintf(w, "  %-9s %s\n            %s, %s\n", p.Name, p.About, p.Cost, seeds(p.Seeds))
	}
}

// seeds is a number of them, in words.
func seeds(n int) string {
	if n == 1 {
		return "1 seed"
	}
	return fmt.Sprintf("%d seeds", n)
}

// checkSeed returns an error for --seed, which would change nothing.
func checkSeed(cmd *cobra.Command) error {
	if cmd.Flags().Changed("seed") {
		return errors.New("--seed has no effect: the seeds of an experiment go from 1 to --seeds")
	}
	return nil
}

// runsFlag adds the flag for the folder of the runs.
func runsFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVar(dir, "out", runsFolder, "folder with the runs")
}

func newExperimentRun(g *global) *cobra.Command {
	var dir, results string
	var finished bool
	var options experiments.Options
	cmd := &cobra.Command{
		Use:   "run NAME",
		Short: "Do the runs of an experiment that are not done, and write its tables and figures",
		Long: `Does what is not done of an experiment's runs, and writes tables (CSV, Markdown) and figures (PNG, SVG).

  lpq experiment run table1 --preset demo
  lpq experiment run table1 --preset cifar10 --data cifar-10-batches-bin --network resnet20 --weights resnet20.th --network resnet56 --weights resnet56.th`,
		Args: arguments("the name of an experiment"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkSeed(cmd); err != nil {
				return err
			}
			e, err := all.Get(args[0])
			if err != nil {
				return err
			}
			plan, err := e.Open(options)
			if err != nil {
				return err
			}
			var written experiments.Written
			if finished {
				written, err = writeFinished(plan, dir, results)
			} else {
				var engine compute.Backend
				if engine, err = g.engine(); err != nil {
					return err
				}
				written, err = runPlan(cmd, engine, plan, dir, results)
			}
			if err != nil {
				return err
			}
			return g.finish(cmd, []experiments.Written{written})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&options.Preset, "preset", "demo", "size: demo, cifar10, imagenet; see lpq experiment list")
	flags.StringVar(&options.Data, "data", "", "folder with CIFAR-10's binary files, with ImageNet (see lpq data), or builtin (default: the preset's)")
	flags.StringArrayVar(&options.Networks, "network", nil, "network: "+strings.Join(models.Names(), ", ")+"; may be given again (default: the preset's)")
	flags.StringArrayVar(&options.Weights, "weights", nil, "weight file of the network, or its name for the published weights, in the order of --network (default: the preset's)")
	flags.IntVar(&options.Seeds, "seeds", 0, "repeats, with seeds from 1 (default: the preset's)")
	flags.IntVar(&options.Limits.Train, "images", 0, "use only the first N training images (default: the preset's)")
	flags.IntVar(&options.Limits.Test, "test-images", 0, "use only the first N test images (default: the preset's)")
	runsFlag(cmd, &dir)
	flags.BoolVar(&finished, "finished", false, "run nothing: write tables and figures of the runs that are done")
	flags.StringVar(&results, "results", "", "folder for tables and figures (default: experiments/NAME/results/PRESET, or PRESET-NETWORK for others than the preset's own; where that has results of other runs, a hash is added)")
	return cmd
}

// runPlan does what is left of a plan, shows how it goes, and writes the results.
func runPlan(cmd *cobra.Command, engine compute.Backend, plan *experiments.Plan, dir, results string) (experiments.Written, error) {
	err := plan.Run(cmd.Context(), engine, dir, func(i int, status runs.Status) {
		if status.State == runs.Interrupted {
			return // said at the end
		}
		line := fmt.Sprintf("[%d/%d] %s: %s", i+1, len(plan.Runs), plan.Runs[i].ID(), status.State)
		if status.Reason != "" {
			line += ": " + oneLine(errors.New(status.Reason))
		}
		fmt.Fprintln(cmd.ErrOrStderr(), line)
	})
	switch {
	case errors.Is(err, finetune.ErrInterrupted):
		return experiments.Written{}, errors.Errorf("interrupted, and saved in %s; go on with: %s", dir, shellWords(os.Args))
	case isInterrupt(err): // between two trainings, or before the first step of one
		return experiments.Written{}, errors.Errorf("interrupted; go on with: %s", shellWords(os.Args))
	case err != nil:
		return experiments.Written{}, err
	}
	return writeResults(plan, dir, results)
}

// writeFinished writes the results of what is done.
func writeFinished(plan *experiments.Plan, dir, results string) (experiments.Written, error) {
	written, err := writeResults(plan, dir, results)
	written.Failed = nil // they are in the results, and no failure of this command
	return written, err
}

func writeResults(plan *experiments.Plan, dir, results string) (experiments.Written, error) {
	if results == "" {
		var err error
		if results, err = plan.ResultsIn(filepath.Join("experiments", plan.Experiment, "results")); err != nil {
			return experiments.Written{}, err
		}
	}
	return plan.Write(dir, results)
}

// finish prints where results are, and returns an error if runs failed.
func (g *global) finish(cmd *cobra.Command, all []experiments.Written) error {
	err := g.print(cmd.OutOrStdout(), all, func(w io.Writer) {
		for _, written := range all {
			for _, t := range written.Tables {
				if len(t.Shown) > 0 {
					fmt.Fprintln(w, t.Caption)
					columns(w, t.Header(), t.Cells())
					fmt.Fprintln(w)
				}
			}
			fmt.Fprintf(w, "results  %s\n", written.Dir)
		}
	})
	if err != nil {
		return err
	}
	for _, written := range all {
		if n := len(written.Failed); n > 0 {
			return errors.Errorf("%d runs failed, the first: %s", n, written.Failed[0])
		}
	}
	return nil
}

// columns writes rows under a header.
func columns(w io.Writer, header []string, rows [][]string) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, cells := range append([][]string{header}, rows...) {
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	_ = table.Flush() // w keeps it in memory
}

// sweepStatus is a plan with what became of its runs. Without an experiment it is the runs of no plan.
type sweepStatus struct {
	Experiment string         `json:"experiment"`
	Preset     string         `json:"preset"`
	Runs       []runs.Outcome `json:"runs"`
}

func newExperimentStatus(g *global) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the state of the runs",
		Long: `Shows every experiment's runs: planned, running (a process is working on it), interrupted (it goes on with lpq experiment resume), done, or failed with
the reason; and the folder's other runs.`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			all, damaged, err := statuses(dir)
			if err != nil {
				return err
			}
			err = g.print(cmd.OutOrStdout(), all, func(w io.Writer) {
				for _, s := range all {
					s.text(w)
				}
				if len(all) == 0 && len(damaged) == 0 {
					fmt.Fprintf(w, "there is no plan in %s, and no run\n", dir)
				}
			})
			if err == nil && len(damaged) > 0 {
				err = errors.WithMessagef(damaged[0], "%d plans and runs cannot be read, the first", len(damaged))
			}
			return err
		},
	}
	runsFlag(cmd, &dir)
	return cmd
}

// statuses are the plans in a folder of runs, and last the runs that are in none of them. What is damaged keeps nothing else from being shown.
func statuses(dir string) (all []sweepStatus, damaged []error, err error) {
	plans, damaged, err := experiments.ReadPlans(dir)
	if err != nil {
		return nil, nil, err
	}
	all, planned := []sweepStatus{}, map[string]bool{}
	for _, p := range plans {
		s := sweepStatus{Experiment: p.Experiment, Preset: p.Options.Preset}
		for _, c := range p.Runs {
			planned[c.ID()] = true
			outcomes, err := runs.Collect(dir, []runs.Config{c})
			if err != nil {
				damaged = append(damaged, err)
				continue
			}
			s.Runs = append(s.Runs, outcomes...)
		}
		all = append(all, s)
	}
	others, err := filepath.Glob(filepath.Join(dir, "*", runs.ConfigFile))
	if err != nil {
		return nil, nil, errors.Wrapf(err, "runs in %s", dir)
	}
	var rest sweepStatus
	for _, config := range others {
		if folder := filepath.Dir(config); !planned[filepath.Base(folder)] {
			outcome, err := runs.Open(folder)
			if err != nil {
				damaged = append(damaged, err)
				continue
			}
			rest.Runs = append(rest.Runs, outcome)
		}
	}
	if len(rest.Runs) > 0 {
		all = append(all, rest)
	}
	return all, damaged, nil
}

func (s sweepStatus) text(w io.Writer) {
	title := fmt.Sprintf("%s, preset %s", s.Experiment, s.Preset)
	if s.Experiment == "" {
		title = "runs of no plan"
	}
	fmt.Fprintln(w, title)
	var rows [][]string
	for _, o := range s.Runs {
		row := []string{"  " + o.Config.ID(), string(o.Status.State), "", "", oneLine(errors.New(o.Status.Reason))}
		if o.Status.Seconds > 0 {
			row[2] = fmt.Sprintf("%.0f", o.Status.Seconds)
		}
		if o.Status.State == runs.Done {
			row[3] = fmt.Sprintf("%.2f", o.Result.Top1Pct)
		}
		rows = append(rows, row)
	}
	columns(w, []string{"  run", "state", "wall s", "top-1 %", "reason"}, rows)
}

func newExperimentResume(g *global) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "resume",
		Short: "Go on with all experiments of a folder",
		Long: `Does what is not done of every experiment that was begun in the folder, also what failed before, and writes tables and figures to
experiments/NAME/results/PRESET, or PRESET-NETWORK for others than the preset's own; where that has results of other runs, a hash is added.`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkSeed(cmd); err != nil {
				return err
			}
			plans, failed, err := experiments.ReadPlans(dir) // the other plans go on
			if err != nil {
				return err
			}
			number := len(plans) + len(failed)
			if number == 0 {
				return errors.Errorf("there is no plan in %s: begin with lpq experiment run", dir)
			}
			engine, err := g.engine()
			if err != nil {
				return err
			}
			written := []experiments.Written{}
			for _, p := range plans {
				w, err := resumePlan(cmd, engine, p, dir)
				switch {
				case err != nil && cmd.Context().Err() != nil:
					return err
				case err != nil:
					failed = append(failed, errors.WithMessagef(err, "%s, preset %s", p.Experiment, p.Options.Preset))
				default:
					written = append(written, w)
				}
			}
			err = g.finish(cmd, written)
			if len(failed) == 0 {
				return err
			}
			notResumed := errors.WithMessagef(failed[0], "%d of %d plans were not resumed, the first", len(failed), number)
			if err != nil {
				return errors.Errorf("%s; of those that were, %s", notResumed, err)
			}
			return notResumed
		},
	}
	runsFlag(cmd, &dir)
	return cmd
}

// resumePlan does what is left of a plan that was read from the folder of its runs.
func resumePlan(cmd *cobra.Command, engine compute.Backend, p experiments.Plan, dir string) (experiments.Written, error) {
	e, err := all.Get(p.Experiment)
	if err != nil {
		return experiments.Written{}, err
	}
	plan, err := e.Reopen(p)
	if err != nil {
		return experiments.Written{}, err
	}
	return runPlan(cmd, engine, plan, dir, "")
}

func newExperimentCompare(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "compare RUN RUN...",
		Short: "Show what runs differ in: settings, environment, results",
		Long: `Shows, of runs given by their folders, the settings, environment and results in which they differ.

  lpq experiment compare runs/experiments/resnet20-w4a4-s1-*`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return errors.Errorf("got %d arguments, want the folders of two or more runs%s", len(args), seeHelp(cmd))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			outcomes := make([]runs.Outcome, len(args))
			for i, dir := range args {
				var err error
				if outcomes[i], err = runs.Open(dir); err != nil {
					return err
				}
			}
			differences, err := runs.Differences(outcomes)
			if err != nil {
				return err
			}
			result := map[string]any{"runs": args, "differences": differences}
			return g.print(cmd.OutOrStdout(), result, func(w io.Writer) {
				var rows [][]string
				for _, d := range differences {
					rows = append(rows, append([]string{d.Field}, d.Values...))
				}
				columns(w, append([]string{""}, args...), rows)
			})
		},
	}
}
