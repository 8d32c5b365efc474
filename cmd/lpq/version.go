package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lowprec/lpnets/internal/buildinfo"
)

func newVersion(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Versions of lpq and of what it is built on",
		Args:  arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := buildinfo.Read()
			return g.print(cmd.OutOrStdout(), v, func(w io.Writer) {
				fmt.Fprintln(w, strings.TrimSpace("lpq "+v.Lpnets+" "+v.Revision))
				fmt.Fprintln(w, v.Go, v.Platform)
				for _, name := range buildinfo.Libraries {
					fmt.Fprintf(w, "%s %s\n", name, v.Libraries[name])
				}
			})
		},
	}
}
