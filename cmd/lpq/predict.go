package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/lowprec/lpnets/internal/buildinfo"
	"github.com/lowprec/lpnets/lpq"
)

// predicting has the flags of lpq predict.
type predicting struct {
	input
	labels string
	top    int
}

// predicted is the result of lpq predict.
type predicted struct {
	Network   string           `json:"network"`
	Weights   string           `json:"weights"`
	Precision string           `json:"precision"`
	Pictures  []lpq.Prediction `json:"pictures"`
	Backend   string           `json:"backend"`
	Device    string           `json:"device"`
	Version   buildinfo.Info   `json:"version"`
}

func newPredict(g *global) *cobra.Command {
	p := &predicting{}
	cmd := &cobra.Command{
		Use:   "predict PICTURE...",
		Short: "What a network sees in pictures",
		Long: `Runs a network on pictures (JPEG or PNG) and prints its best guesses with their probabilities; with --json also the logits of all classes. It runs in
the precision of its weight file: fp32, or that of one of lpq's own checkpoints.

  lpq weights pull efficientnet_lite0
  lpq predict --model efficientnet_lite0 --weights efficientnet_lite0 cat.jpg coffee.jpg

Networks for ImageNet take photographs of any size, which they resize and crop as their evaluation does. Networks for CIFAR-10 take pictures of 32x32 pixels,
as they are.`,
		Args: atLeastOne("picture"),
		RunE: func(cmd *cobra.Command, files []string) error { return p.run(cmd, g, files) },
	}
	p.addModelFlag(cmd)
	p.addWeightsFlag(cmd)
	cmd.Flags().IntVar(&p.top, "top", lpq.DefaultTop, "guesses to print for each picture")
	cmd.Flags().StringVar(&p.labels, "labels", "", "text file that names the classes, one on a line, such as CIFAR-10's batches.meta.txt (default: those the network is known for)")
	return cmd
}

func (p *predicting) run(cmd *cobra.Command, g *global, files []string) error {
	if p.top < 1 {
		return errors.Errorf("--top %d: want 1 or more", p.top)
	}
	options := lpq.PredictOptions{Top: p.top}
	var err error
	if options.Labels, err = p.readLabels(); err != nil {
		return err
	}
	for _, file := range files { // before the network is made
		if _, err := os.Stat(file); err != nil {
			return errors.WithMessage(err, "picture")
		}
	}
	m, err := p.pretrained(g)
	if err != nil {
		return err
	}
	result := predicted{Network: m.Network.Name, Weights: m.Provenance["weights"], Precision: m.Scheme().String(),
		Backend: m.Backend.Name(), Device: m.Backend.Description(), Version: buildinfo.Read()}
	if result.Pictures, err = lpq.Predict(cmd.Context(), m, files, options); err != nil {
		return err
	}
	return g.print(cmd.OutOrStdout(), result, result.text)
}

// readLabels returns nil where the user names no file.
func (p *predicting) readLabels() ([]string, error) {
	if p.labels == "" {
		return nil, nil
	}
	const most = 1 << 20 // bytes: ImageNet's 1000 names are 30 kB
	info, err := os.Stat(p.labels)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > most) {
		err = errors.Errorf("%s is no text file of %d bytes at most", p.labels, most)
	}
	if err != nil {
		return nil, errors.WithMessage(err, "--labels")
	}
	content, err := os.ReadFile(p.labels)
	if err != nil {
		return nil, errors.WithMessage(err, "--labels")
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return lines, nil
}

func (p predicted) text(w io.Writer) {
	fmt.Fprintf(w, "%s %s\n", p.Network, p.Precision)
	for _, picture := range p.Pictures {
		fmt.Fprintf(w, "%s\n", picture.File)
		for _, guess := range picture.Best {
			fmt.Fprintf(w, "  %6.2f %%  %s (%d)\n", 100*guess.Probability, guess.Label, guess.Class)
		}
	}
}
