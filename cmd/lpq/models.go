package main

import (
	"fmt"
	"io"

	"github.com/gomlx/compute"
	"github.com/spf13/cobra"

	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/pretrained"
	"github.com/lowprec/lpnets/lpq/quant"
)

// modelRow is a network as it is listed.
type modelRow struct {
	Name         string             `json:"name"`
	Input        string             `json:"input"`                // height x width x channels
	Preprocess   string             `json:"preprocess,omitempty"` // of photographs
	Classes      int                `json:"classes"`
	Parameters   int                `json:"parameters"`
	MultiplyAdds int                `json:"multiply_adds"` // for one image
	SizeBytes    map[string]int     `json:"size_bytes"`    // by precision
	Published    *publishedAccuracy `json:"published,omitempty"`
}

// publishedAccuracy is what the authors of a network's weights say of them.
type publishedAccuracy struct {
	Top1Pct float64 `json:"top1_pct"`
	Top5Pct float64 `json:"top5_pct,omitempty"`
	Source  string  `json:"source"`
}

// listed are the precisions whose size is told.
var listed = []string{"fp32", "w8a8", "w4a4"}

func newModels(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "models",
		Short: "List the networks: parameters, multiply-adds, sizes",
		Long: `Lists the networks that --model takes: parameters, multiply-adds for one image, size in 32, 8 and 4 bits (first and last layer have 8), input,
and the accuracy that is published for their weights, on ImageNet's validation images or CIFAR-10's test images.`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			engine, err := lpq.Open("go", 0) // which needs no plugin: graphs are built, not run
			if err != nil {
				return err
			}
			var rows modelRows
			for _, name := range models.Names() {
				row, err := modelRowOf(engine, name)
				if err != nil {
					return err
				}
				rows = append(rows, row)
			}
			return g.print(cmd.OutOrStdout(), rows, rows.text)
		},
	}
}

func modelRowOf(engine compute.Backend, name string) (modelRow, error) {
	network, err := models.Get(name)
	if err != nil {
		return modelRow{}, err
	}
	blueprint, err := network.Blueprint(engine)
	if err != nil {
		return modelRow{}, err
	}
	in := network.Input
	row := modelRow{Name: name, Input: fmt.Sprintf("%dx%dx%d", in.Height, in.Width, in.Channels), Classes: network.Classes,
		Parameters: blueprint.NumParameters(), MultiplyAdds: blueprint.MultiplyAdds(), SizeBytes: map[string]int{}, Published: published(name)}
	if network.TakesPhotographs() {
		row.Preprocess = network.Preprocess.String()
	}
	for _, precision := range listed {
		scheme, err := quant.ParseScheme(precision)
		if err != nil {
			return modelRow{}, err
		}
		row.SizeBytes[precision] = blueprint.SizeBytes(scheme)
	}
	return row, nil
}

type modelRows []modelRow

func (rows modelRows) text(w io.Writer) {
	const format = "%-18s  %10s  %13s  %9s  %9s  %8s  %9s  %7s  %7s\n"
	const mega, giga = 1e6, 1e9
	fmt.Fprintf(w, format, "network", "parameters", "multiply-adds", "32 bits", "8 bits", "4 bits", "input", "top-1", "top-5")
	for _, r := range rows {
		size := func(precision string) string { return fmt.Sprintf("%.2f MB", float64(r.SizeBytes[precision])/mega) }
		accuracy := publishedAccuracy{}
		if r.Published != nil {
			accuracy = *r.Published
		}
		fmt.Fprintf(w, format, r.Name, fmt.Sprintf("%.2f M", float64(r.Parameters)/mega), fmt.Sprintf("%.3f G", float64(r.MultiplyAdds)/giga),
			size("fp32"), size("w8a8"), size("w4a4"), r.Input, percent(accuracy.Top1Pct), percent(accuracy.Top5Pct))
	}
}

// percent is a dash for an accuracy that is not known.
func percent(accuracy float64) string {
	if accuracy == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f %%", accuracy)
}

// published is the accuracy that is published for a network's official weights, or nil where none is known.
func published(network string) *publishedAccuracy {
	entry, err := pretrained.Get(network)
	if err != nil {
		return nil // a network of our own
	}
	return &publishedAccuracy{entry.Top1Pct, entry.Top5Pct, entry.AccuracySource}
}
