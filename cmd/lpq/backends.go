package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lowprec/lpnets/lpq/backend"
)

// engineRow is one engine as it is printed.
type engineRow struct {
	Name    string   `json:"name"`
	Path    string   `json:"path,omitempty"`
	Source  string   `json:"source,omitempty"`
	Version string   `json:"version,omitempty"`
	API     string   `json:"api,omitempty"`
	Devices []string `json:"devices,omitempty"`
	Problem string   `json:"problem,omitempty"`
}

// engines is the result of lpq backends.
type engines struct {
	Engines []engineRow `json:"engines"`
	Folders []string    `json:"searched_folders"`
}

func (e engines) text(w io.Writer) {
	for _, row := range e.Engines {
		row.text(w)
	}
	fmt.Fprintln(w, "searched for plugins")
	for _, folder := range e.Folders {
		fmt.Fprintf(w, "  %s\n", folder)
	}
}

func rowOf(p backend.Plugin) engineRow {
	row := engineRow{Name: p.Name, Path: p.Path, Source: p.Source, Version: p.Version, API: p.API, Devices: p.Devices}
	if p.Problem != nil {
		row.Problem = oneLine(p.Problem)
	}
	return row
}

func (r engineRow) text(w io.Writer) {
	fmt.Fprintf(w, "%s\n", r.Name)
	for _, field := range []struct{ name, value string }{
		{"path", r.Path}, {"source", strings.TrimSpace(r.Source + " " + r.Version)}, {"PJRT API", r.API},
		{"devices", strings.Join(r.Devices, ", ")}, {"not usable", r.Problem},
	} {
		if field.value != "" {
			fmt.Fprintf(w, "  %-10s %s\n", field.name, field.value)
		}
	}
}

func newBackends(g *global) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backends",
		Short: "List the engines that run networks, and install them",
		Long: `Lists the engines found, where they are, their versions and devices, and why one cannot be used. Of a platform's plugins the first usable
one is taken. xla:cpu and xla:cuda are XLA's; go is for comparison, and slow.`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			found := engines{Folders: backend.Folders()}
			for _, p := range backend.List() {
				found.Engines = append(found.Engines, rowOf(p))
			}
			return g.print(cmd.OutOrStdout(), found, found.text)
		},
	}
	cmd.AddCommand(newInstall(g))
	return cmd
}

func newInstall(g *global) *cobra.Command {
	var from, source string
	var names []string
	for _, s := range backend.Sources() {
		names = append(names, s.Name)
	}
	cmd := &cobra.Command{
		Use:   "install cpu|cuda",
		Short: "Install an XLA plugin into your cache",
		Long: `Fetches an XLA plugin with pip, from the index that pip is set up to use, checks its sha256 and puts it into your cache, where
lpq finds it. Nothing but this and lpq weights pull ever downloads anything.

  lpq backends install cpu
  lpq backends install cpu --from lammps_jax_pjrt_cpu-0.11.2-py3-none-manylinux_2_27_x86_64.whl`,
		Args: arguments("cpu or cuda"),
		RunE: func(cmd *cobra.Command, args []string) error {
			plugin, err := backend.Install(cmd.Context(), args[0], backend.InstallOptions{From: from, SourceName: source, Log: cmd.ErrOrStderr()})
			if err != nil {
				return err
			}
			row := rowOf(plugin)
			return g.print(cmd.OutOrStdout(), row, row.text)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "a wheel, or plugin, that is already here")
	cmd.Flags().StringVar(&source, "source", "", "which build: "+strings.Join(names, ", ")+" (default: the first one for this system)")
	return cmd
}
