package main

import (
	"github.com/spf13/cobra"
)

func newEval(g *global) *cobra.Command {
	in := &input{}
	cmd := &cobra.Command{
		Use:   "eval",
		Short: "Accuracy of a network on the test images",
		Long: `Evaluates a network on the test images, in the precision of its weight file: fp32, or that of one of lpq's own checkpoints.

  lpq eval --model resnet20 --weights resnet20.th --data cifar-10-batches-bin
  lpq eval --model resnet18 --weights resnet18-f37072fd.pth --data imagenet

The test images of ImageNet are its validation set.`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, sets, err := in.load(g, "", toEvaluate)
			if err != nil {
				return err
			}
			result, err := in.evaluate(cmd.Context(), m, sets.Test)
			if err != nil {
				return err
			}
			return g.print(cmd.OutOrStdout(), result, result.text)
		},
	}
	in.addFlags(cmd)
	in.addReadingFlags(cmd)
	return cmd
}
