package wheel

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/internal/filesum"
)

// pip is a command that runs pip, with the user's own settings for index, proxy and certificates.
type pip struct {
	python string
	tmp    string // for what pip unpacks: on the disk where it is to go in the end
}

// findPip returns the pip of the user's Python. Where that has none (Debian packs it apart), a virtual environment in tmp
// gives one.
func findPip(ctx context.Context, tmp string) (pip, error) {
	var tried []string
	for _, name := range []string{"python3", "python"} {
		python, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		p := pip{python, tmp}
		if p.run(ctx, io.Discard, "--version") == nil {
			return p, nil
		}
		venv := filepath.Join(tmp, "venv")
		if err := exec.CommandContext(ctx, python, "-m", "venv", venv).Run(); err == nil {
			return pip{filepath.Join(venv, "bin", "python"), tmp}, nil
		}
		tried = append(tried, python)
	}
	if err := ctx.Err(); err != nil {
		return pip{}, errors.WithStack(err)
	}
	if len(tried) > 0 {
		return pip{}, errors.Errorf("%s has neither pip nor venv", strings.Join(tried, ", "))
	}
	return pip{}, errors.New("found no python3, whose pip downloads")
}

// run runs pip; out gets what it prints. The error holds the last line of its complaints.
func (p pip) run(ctx context.Context, out io.Writer, args ...string) error {
	cmd := exec.CommandContext(ctx, p.python, append([]string{"-m", "pip", "--disable-pip-version-check", "--no-input"}, args...)...)
	cmd.Env = append(os.Environ(), "PIP_REQUIRE_VIRTUALENV=0", "PIP_USER=0", "PYTHONUTF8=1", "TMPDIR="+p.tmp)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // pip tidies up
	cmd.WaitDelay = 5 * time.Second
	var complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, &complaints
	err := cmd.Run()
	if ctx.Err() != nil {
		return errors.WithStack(ctx.Err())
	}
	return errors.WithMessagef(errors.WithStack(err), "pip: %s", lastError(complaints.String()))
}

// lastError picks the line of pip's complaints that says most.
func lastError(complaints string) string {
	last := "it says nothing"
	for line := range strings.Lines(complaints) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "ERROR:") || line != "" && !strings.HasPrefix(last, "ERROR:") {
			last = line
		}
	}
	return last
}

// requirement pins a wheel as pip's requirements files do; pip refuses any other file.
func (w Wheel) requirement() string {
	return fmt.Sprintf("%s==%s --hash=sha256:%s\n", w.Name, w.Version, w.SHA256)
}

// writeRequirements writes a requirements file into a folder and returns its path.
func writeRequirements(dir string, wheels []Wheel) (string, error) {
	var text strings.Builder
	for _, w := range wheels {
		text.WriteString(w.requirement())
	}
	path := filepath.Join(dir, "requirements.txt")
	return path, errors.Wrap(os.WriteFile(path, []byte(text.String()), 0o644), "writing pip's list")
}

// Download downloads a wheel into a folder, checks its sha256 and returns its path. Errors name --from FILE as the way out, which whoever calls
// must offer. logf gets lines about what is done.
func Download(ctx context.Context, w Wheel, dir string, logf func(format string, args ...any)) (string, error) {
	wayOut := fmt.Sprintf("or fetch the wheel %s %s yourself and name it with --from FILE", w.Name, w.Version)
	p, err := findPip(ctx, dir)
	if err != nil {
		return "", errors.WithMessagef(err, "install Python 3 with pip, %s", wayOut)
	}
	list, err := writeRequirements(dir, []Wheel{w})
	if err != nil {
		return "", err
	}
	logf("downloading %s %s with %s -m pip", w.Name, w.Version, p.python)
	err = p.run(ctx, io.Discard, "download", "--no-deps", "--only-binary=:all:", "--require-hashes", "--quiet", "--dest", dir, "--requirement", list)
	if err != nil {
		return "", errors.WithMessagef(err, "downloading %s %s failed (%s)", w.Name, w.Version, wayOut)
	}
	wheels, err := filepath.Glob(filepath.Join(dir, "*.whl"))
	if err != nil || len(wheels) != 1 {
		return "", errors.Errorf("pip was to bring one wheel of %s %s, it brought %d (%v)", w.Name, w.Version, len(wheels), err)
	}
	return wheels[0], w.Check(wheels[0])
}

// Check returns an error if a file is not the wheel.
func (w Wheel) Check(path string) error {
	sum, err := filesum.SHA256(path)
	if err == nil && sum != w.SHA256 {
		err = errors.Errorf("wheel %s has sha256 %s, want %s: it was changed on its way, or the index has another file of that name", filepath.Base(path), sum, w.SHA256)
	}
	return err
}

// Install unpacks wheels into a folder: pip checks their sums and lays them out as their search paths want it. They come from the folder links, or
// if that is empty from the index. out, which may be nil, gets what pip says.
func Install(ctx context.Context, wheels []Wheel, dir, links string, out io.Writer) error {
	work, err := os.MkdirTemp(dir, "pip*")
	if err != nil {
		return errors.Wrap(err, "making a folder for the download")
	}
	defer os.RemoveAll(work)
	p, err := findPip(ctx, work)
	if err != nil {
		return errors.WithMessagef(err, "install Python 3 with pip")
	}
	list, err := writeRequirements(work, wheels)
	if err != nil {
		return err
	}
	args := []string{"install", "--no-deps", "--only-binary=:all:", "--require-hashes", "--no-compile", "--no-warn-conflicts",
		"--ignore-installed", "--progress-bar=off", "--target", dir, "--requirement", list}
	if links != "" {
		args = append(args, "--no-index", "--find-links", links)
	}
	if out == nil {
		out = io.Discard
	}
	return p.run(ctx, out, args...)
}
