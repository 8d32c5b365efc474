// Package buildinfo says what this program is built of.
package buildinfo

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// Libraries on which results depend to the bit.
var Libraries = []string{"github.com/gomlx/gomlx", "github.com/gomlx/compute", "github.com/gomlx/go-xla"}

// Info is the program and what it is built of.
type Info struct {
	Lpnets    string            `json:"lpnets"`
	Revision  string            `json:"git_commit,omitempty"` // with "+" where files were changed since
	Go        string            `json:"go"`
	Platform  string            `json:"platform"`
	Libraries map[string]string `json:"libraries"` // versions
}

// Read describes this program.
func Read() Info {
	i := Info{Lpnets: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Libraries: map[string]string{}}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return i
	}
	i.Lpnets = build.Main.Version
	i.Revision = revision(build)
	for _, module := range build.Deps {
		if slices.Contains(Libraries, module.Path) {
			i.Libraries[module.Path] = module.Version
		}
	}
	return i
}

// revisionVariable is what an image without git has the revision of its sources in.
const revisionVariable = "LPNETS_REVISION"

// revision is what the build was stamped with. A notebook's cells, tests, and builds without a stamp ask the environment, and then git for the revision of the
// sources.
func revision(build *debug.BuildInfo) string {
	settings := map[string]string{}
	for _, s := range build.Settings {
		settings[s.Key] = s.Value
	}
	if stamp := settings["vcs.revision"]; stamp != "" {
		if settings["vcs.modified"] == "true" {
			stamp += "+"
		}
		return stamp
	}
	if stamp := os.Getenv(revisionVariable); stamp != "" {
		return stamp
	}
	_, file, _, ok := runtime.Caller(0)
	if !ok || !filepath.IsAbs(file) {
		return ""
	}
	root := filepath.Dir(filepath.Dir(filepath.Dir(file))) // of the sources: this is internal/buildinfo
	if top, err := git(root, "rev-parse", "--show-toplevel"); err != nil || !sameFolder(top, root) {
		return "" // no git, or a checkout of something else: the version says what there is to say
	}
	revision, _ := git(root, "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty=+")
	return revision
}

// git is what a command of git prints in a folder.
func git(dir string, args ...string) (string, error) {
	text, err := exec.Command("git", append([]string{"-C", dir}, args...)...).Output()
	return strings.TrimSpace(string(text)), err
}

func sameFolder(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}
