package backend

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/lowprec/lpnets/internal/usercache"
)

// pathEnv names folders with plugins, separated by ':'; go-xla reads it too.
const pathEnv = "PJRT_PLUGIN_LIBRARY_PATH"

// candidate is a file that by its name is a plugin.
type candidate struct {
	path, source string
	record       *record // of those that Install put there
	err          error   // why the record cannot be read
}

// place is a folder that is searched.
type place struct{ dir, source string }

// search returns every candidate, the one to prefer first: folders that the user named, what Install put into the cache,
// go-xla's folders.
func search() []candidate {
	var found []candidate
	add := func(c candidate) {
		if !slices.ContainsFunc(found, func(other candidate) bool { return sameFile(c.path, other.path) }) {
			found = append(found, c)
		}
	}
	for _, p := range userPlaces() {
		for _, path := range pluginsIn(p.dir) {
			add(candidate{path: path, source: p.source})
		}
	}
	for _, c := range installed() {
		add(c)
	}
	for _, p := range systemPlaces() {
		for _, path := range pluginsIn(p.dir) {
			add(candidate{path: path, source: p.source})
		}
	}
	return found
}

// Folders lists the folders that are searched for plugins, in order. Not all of them need exist.
func Folders() []string {
	var dirs []string
	for _, p := range userPlaces() {
		dirs = append(dirs, p.dir)
	}
	if root, err := usercache.Dir(cacheFolder); err == nil {
		dirs = append(dirs, root)
	}
	for _, p := range systemPlaces() {
		dirs = append(dirs, p.dir)
	}
	return dirs
}

// userPlaces are the folders that the user named.
func userPlaces() []place {
	var list []place
	for _, dir := range filepath.SplitList(os.Getenv(pathEnv)) {
		if abs, err := filepath.Abs(dir); dir != "" && err == nil {
			list = append(list, place{abs, "$" + pathEnv})
		}
	}
	return list
}

// systemPlaces are the folders in which go-xla looks too.
func systemPlaces() []place {
	var list []place
	if home, err := os.UserHomeDir(); err == nil {
		lib := filepath.Join(home, ".local", "lib", "go-xla")
		if runtime.GOOS == "darwin" {
			lib = filepath.Join(home, "Library", "Application Support", "go-xla")
		}
		list = append(list, place{lib, "go-xla"}, place{filepath.Join(lib, "nvidia"), "go-xla"},
			place{filepath.Join(home, ".local", "lib", "gomlx", "pjrt"), "go-xla"})
	}
	for _, dir := range []string{"/usr/local/lib/go-xla", "/usr/local/lib/go-xla/nvidia", "/usr/local/lib/gomlx/pjrt"} {
		list = append(list, place{dir, "go-xla"})
	}
	for _, dir := range filepath.SplitList(os.Getenv("LD_LIBRARY_PATH")) {
		if filepath.IsAbs(dir) {
			list = append(list, place{dir, "$LD_LIBRARY_PATH"})
		}
	}
	return list
}

// pluginsIn returns the files of a folder that by their name are plugins, the shorter, unversioned names first.
func pluginsIn(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // a folder that is not there, or not ours to read, has no plugin
	}
	var paths []string
	for _, entry := range entries {
		if isPluginName(entry.Name()) {
			paths = append(paths, filepath.Join(dir, entry.Name()))
		}
	}
	slices.SortStableFunc(paths, func(a, b string) int { return len(a) - len(b) })
	return paths
}

// isPluginName tells whether go-xla too would take a file of that name for a plugin.
func isPluginName(name string) bool {
	stem, found := strings.CutSuffix(name, ".so")
	if !found && runtime.GOOS == "darwin" {
		stem, found = strings.CutSuffix(name, ".dylib")
	}
	inApi := strings.HasPrefix(stem, "pjrt_c_api_") && strings.HasSuffix(stem, "_plugin")
	return found && (inApi || strings.HasPrefix(stem, "pjrt-plugin-") || strings.HasPrefix(stem, "pjrt_plugin_"))
}

func sameFile(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return a == b || errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// cacheFolder in the user's cache is what Install fills, with one folder per platform and in it one per source and version.
const cacheFolder = "plugins"

// installed lists the plugins that Install put into the cache, the last one first.
func installed() []candidate {
	root, err := usercache.Dir(cacheFolder)
	if err != nil {
		return nil // without a cache folder nothing was installed; Install says why
	}
	var list []candidate
	for _, platform := range subfolders(root) {
		for _, dir := range subfolders(platform) {
			if strings.Contains(filepath.Base(dir), tmpMark) {
				continue
			}
			rec, err := readRecord(dir)
			switch {
			case err != nil:
				list = append(list, candidate{path: filepath.Join(dir, pluginFile(filepath.Base(platform))), source: "installed", err: err})
			case rec != nil:
				list = append(list, candidate{path: filepath.Join(dir, filepath.FromSlash(rec.File)), source: "installed", record: rec})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int { return b.record.installed().Compare(a.record.installed()) })
	return list
}

func subfolders(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // not there: nothing was installed
	}
	var dirs []string
	for _, entry := range entries {
		if entry.IsDir() {
			dirs = append(dirs, filepath.Join(dir, entry.Name()))
		}
	}
	return dirs
}
