package main

import (
	"os"

	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/lowprec/lpnets/experiments/demo"
)

func newDemo(g *global) *cobra.Command {
	var options demo.Options
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "The method in two minutes, with nothing fetched",
		Long: `Takes the built-in network, quantizes it to 8 and to 4 bits, fine-tunes both on the built-in images, and shows accuracy, weight similarity
and size before and after. Figures are written to the folder.`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			engine, err := g.engine()
			if err != nil {
				return err
			}
			options.Seed = g.seed
			report, err := demo.Run(cmd.Context(), engine, options)
			if isInterrupt(err) {
				return errors.Errorf("interrupted; go on with: %s", shellWords(os.Args))
			}
			if err != nil {
				return err
			}
			return g.print(cmd.OutOrStdout(), report, report.Print)
		},
	}
	cmd.Flags().StringVar(&options.Dir, "out", "runs/demo", "folder for checkpoints and figures; an unfinished run there is continued")
	cmd.Flags().IntVar(&options.Images, "images", 0, "built-in images to train on (default: all 10,000): with fewer it is sooner done, and loses more")
	return cmd
}
