package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/gomlx/compute"
	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/lowprec/lpnets/lpq"
)

// global flags, for all commands.
type global struct {
	backend string
	devices int
	seed    uint64
	json    bool
}

func newRoot() *cobra.Command {
	g := &global{}
	root := &cobra.Command{
		Use:   "lpq",
		Short: "Low-precision networks close to full-precision ones",
		Long: `lpq takes a pretrained fp32 convolutional network and finds a low-precision one close to it: power-of-two steps only, by
fine-tuning after quantization (McKinstry et al., arXiv:1809.04191).

Start with: lpq demo`,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	flags := root.PersistentFlags()
	flags.StringVar(&g.backend, "backend", "", "engine: xla:cpu, xla:cuda, go (slow), xla:/path/to/plugin.so; default $GOMLX_BACKEND, else the best at hand")
	flags.IntVar(&g.devices, "devices", 0, "number of devices that the engine offers; default one CPU device, all GPUs")
	flags.Uint64Var(&g.seed, "seed", 1, "seed of everything random: the same seed gives the same bits")
	flags.BoolVar(&g.json, "json", false, "print the result as JSON on standard output")
	root.AddCommand(newDemo(g), newEval(g), newQuantize(g), newFinetune(g), newTrain(g), newCompare(g), newBackends(g), newVersion(g))
	return root
}

// engine opens the backend that the flags name.
func (g *global) engine() (compute.Backend, error) { return lpq.Open(g.backend, g.devices) }

// print writes a result: as JSON where asked for, else as text for people.
func (g *global) print(w io.Writer, result any, text func(w io.Writer)) error {
	if !g.json {
		text(w)
		return nil
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return errors.Wrap(encoder.Encode(result), "printing the result")
}

// input says which network, weights and data a command works on.
type input struct {
	model, weights, data string
}

func (in *input) addFlags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&in.model, "model", "resnet8", "network: resnet8, resnet20, resnet32, resnet44, resnet56, resnet110")
	flags.StringVar(&in.weights, "weights", lpq.BuiltIn, "weight file (.th, .pth, .pt, .safetensors), or builtin for resnet8")
	in.addDataFlag(cmd)
}

func (in *input) addDataFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&in.data, "data", lpq.BuiltIn, "folder with CIFAR-10's binary files, or builtin for the synthetic images")
}

// load opens what the flags name: data first, for that is quick and most often wrong.
func (in *input) load(g *global) (*lpq.Model, lpq.Sets, error) {
	sets, err := lpq.LoadData(in.data)
	if err != nil {
		return nil, lpq.Sets{}, err
	}
	engine, err := g.engine()
	if err != nil {
		return nil, lpq.Sets{}, err
	}
	m, err := lpq.LoadModel(engine, in.model, in.weights)
	return m, sets, err
}

// percent writes an accuracy with its confidence interval.
func percent(pct float64, ci [2]float64) string {
	return fmt.Sprintf("%.2f %% (95 %%: %.2f to %.2f)", pct, ci[0], ci[1])
}
