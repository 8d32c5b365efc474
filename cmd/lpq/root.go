package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/gomlx/compute"
	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/builtin"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/pretrained"
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
		Args:          arguments(),
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return errors.Errorf("%v%s", err, seeHelp(cmd)) })
	flags := root.PersistentFlags()
	flags.StringVar(&g.backend, "backend", "", "engine: xla:cpu, xla:cuda, xla:/path/to/plugin.so, go (slow) (default: $GOMLX_BACKEND, or the best available)")
	flags.IntVar(&g.devices, "devices", 0, "split every batch among N devices (default: one on the CPU, all GPUs)")
	flags.Uint64Var(&g.seed, "seed", 1, "seed of everything random: on the same kind of processor and engine the same seed gives the same bits")
	flags.BoolVar(&g.json, "json", false, "print the result as JSON on standard output")
	root.SetHelpCommand(newHelp())
	root.AddCommand(newDemo(g), newEval(g), newQuantize(g), newFinetune(g), newTrain(g), newCompare(g), newData(g), newPredict(g), newModels(g), newExperiment(g),
		newReport(g), newWeights(g), newBackends(g), newVersion(g))
	for _, cmd := range root.Commands() {
		cmd.Flags().SortFlags = false // in the order of their weight
	}
	return root
}

// newGroup makes a command that does nothing by itself but to say which commands are below it.
func newGroup(use, short, long string, subcommands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Long: long, Args: arguments(), RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(subcommands...)
	for _, sub := range subcommands {
		sub.Flags().SortFlags = false // in the order of their weight
	}
	return cmd
}

// engine opens the backend that the flags name.
func (g *global) engine() (compute.Backend, error) { return lpq.Open(g.backend, g.devices) }

// print writes a result: as JSON where asked for, else as text for people.
func (g *global) print(w io.Writer, result any, text func(w io.Writer)) error {
	var output bytes.Buffer
	if g.json {
		encoder := json.NewEncoder(&output)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(result); err != nil {
			return errors.Wrap(err, "printing the result")
		}
	} else {
		text(&output)
	}
	_, err := w.Write(output.Bytes())
	return errors.Wrap(err, "printing the result")
}

// input says which network, weights and data a command works on.
type input struct {
	model, weights string
	source
}

func (in *input) addFlags(cmd *cobra.Command) {
	in.addModelFlag(cmd)
	in.addWeightsFlag(cmd)
	in.addDataFlag(cmd)
}

func (in *input) addWeightsFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&in.weights, "weights", lpq.BuiltIn, "weight file (.th, .pth, .pt, .safetensors), a network's name for the published weights (see lpq weights), or builtin for "+builtin.Network)
}

func (in *input) addModelFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&in.model, "model", builtin.Network, "network: "+strings.Join(models.Names(), ", "))
}

// load opens what the flags name: data first, for that is quick and most often wrong. forTrain and forTest are as for source.sets.
func (in *input) load(g *global, forTrain, forTest string) (*lpq.Model, lpq.Sets, error) {
	network, err := models.Get(in.model)
	if err != nil {
		return nil, lpq.Sets{}, err
	}
	sets, err := in.sets(network, forTrain, forTest)
	if err != nil {
		return nil, lpq.Sets{}, err
	}
	m, err := in.pretrained(g)
	return m, sets, err
}

// pretrained opens the network with the weights that the flags name.
func (in *input) pretrained(g *global) (*lpq.Model, error) {
	engine, err := g.engine()
	if err != nil {
		return nil, err
	}
	m, err := lpq.LoadModel(engine, in.model, in.weights)
	if _, unknown := pretrained.Get(in.model); errors.Is(err, os.ErrNotExist) && unknown == nil {
		err = errors.Errorf("%v (published weights: lpq weights pull %s)", err, in.model)
	}
	return m, err
}

// checkOutput returns an error for a file that cannot be made because a folder has its name, or its own folder is not there: better before the work than after it.
func checkOutput(flag, path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return errors.Errorf("--%s %s: it is a folder: name a file", flag, path)
	}
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return errors.Errorf("--%s %s: there is no folder %s: make it, or name another one", flag, path, dir)
	}
	return nil
}
