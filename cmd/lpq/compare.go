package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/weights"
)

// comparison is the result of lpq compare.
type comparison struct {
	A      string           `json:"a"`
	B      string           `json:"b"`
	Mean   float64          `json:"mean_cosine"`
	Layers []analysis.Layer `json:"layers"`
	Figure string           `json:"figure,omitempty"`
}

func newCompare(g *global) *cobra.Command {
	var figure string
	cmd := &cobra.Command{
		Use:   "compare A B",
		Short: "Cosine similarity of the weights of two networks, layer by layer",
		Long: `Compares the float weights of two weight files (.th, .pth, .pt, .safetensors) of one network. The name of a network stands for its published
weights (lpq weights).

  lpq compare resnet20.th runs/w4a4/final.safetensors --figure similarity.png`,
		Args: arguments("one weight file", "another"),
		RunE: func(cmd *cobra.Command, args []string) error {
			var files [2]*weights.File
			for i, path := range args {
				var err error
				if files[i], err = lpq.ReadWeights(path); err != nil {
					return err
				}
			}
			layers, err := analysis.Similarity(files[0], files[1])
			if err != nil {
				return err
			}
			if figure != "" {
				if err := lpq.SimilarityFigure("Weight similarity", lpq.Comparison{Name: args[1], Layers: layers}).Save(figure); err != nil {
					return err
				}
			}
			result := comparison{args[0], args[1], analysis.MeanCosine(layers), layers, figure}
			return g.print(cmd.OutOrStdout(), result, result.text)
		},
	}
	cmd.Flags().StringVar(&figure, "figure", "", "file for a figure (.png, .svg)")
	return cmd
}

func (c comparison) text(w io.Writer) {
	fmt.Fprintf(w, "%-28s %10s %10s\n", "layer", "weights", "cosine")
	for _, l := range c.Layers {
		fmt.Fprintf(w, "%-28s %10d %10.6f\n", l.Name, l.Size, l.Cosine)
	}
	fmt.Fprintf(w, "%-28s %10s %10.6f\n", "mean", "", c.Mean)
	if c.Figure != "" {
		fmt.Fprintf(w, "figure  %s\n", c.Figure)
	}
}
