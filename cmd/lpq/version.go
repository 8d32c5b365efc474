package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version of everything that results depend on.
type version struct {
	Lpnets    string            `json:"lpnets"`
	Revision  string            `json:"git_commit,omitempty"`
	Go        string            `json:"go"`
	Platform  string            `json:"platform"`
	Libraries map[string]string `json:"libraries"`
}

// libraries whose versions are shown.
var libraries = []string{"github.com/gomlx/gomlx", "github.com/gomlx/compute", "github.com/gomlx/go-xla"}

func readVersion() version {
	v := version{Lpnets: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Libraries: map[string]string{}}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v.Lpnets = info.Main.Version
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			v.Revision = setting.Value
		}
	}
	for _, module := range info.Deps {
		for _, name := range libraries {
			if module.Path == name {
				v.Libraries[name] = module.Version
			}
		}
	}
	return v
}

func newVersion(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Versions of lpq and of what it is built on",
		Args:  arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := readVersion()
			return g.print(cmd.OutOrStdout(), v, func(w io.Writer) {
				fmt.Fprintln(w, strings.TrimSpace("lpq "+v.Lpnets+" "+v.Revision))
				fmt.Fprintln(w, v.Go, v.Platform)
				for _, name := range libraries {
					fmt.Fprintf(w, "%s %s\n", name, v.Libraries[name])
				}
			})
		},
	}
}
