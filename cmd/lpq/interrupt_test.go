//go:build unix

package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// tuneArgs is a run of many short epochs.
func tuneArgs(t *testing.T, dir string) []string {
	return append([]string{"finetune", "--epochs", "6", "--batch", "32", "--images", "96", "--out", dir}, work(t)...)
}

// Ctrl-C saves and says how to go on. Said to a shell, that goes on, and ends with the bits of an unbroken run.
func TestInterruptedRunGoesOn(t *testing.T) {
	t.Parallel()
	unbroken, broken := filepath.Join(t.TempDir(), "unbroken"), filepath.Join(t.TempDir(), "it's a run")
	succeed(t, tuneArgs(t, unbroken)...)

	lines := interrupt(t, command(tuneArgs(t, broken)...), "epoch 1:")
	said := lines[len(lines)-1]
	_, resume, found := strings.Cut(said, "go on with: ")
	if !found || !strings.HasPrefix(said, "lpq: interrupted, and saved in "+broken) || !strings.HasSuffix(resume, " --resume") {
		t.Fatalf("standard error ends with %q, want what is saved and how to go on", said)
	}
	shell := exec.Command("sh", "-c", resume)
	shell.Env = environment()
	if got := run(t, shell); got.code != 0 || strings.Contains(got.stderr, "epoch 1:") || !strings.Contains(got.stderr, "epoch 6:") {
		t.Fatalf("%s: exit code %d: %swant the epochs that were left", resume, got.code, got.stderr)
	}
	for _, name := range []string{"final.safetensors", "best.safetensors"} {
		if !bytes.Equal(read(t, filepath.Join(unbroken, name)), read(t, filepath.Join(broken, name))) {
			t.Errorf("%s is not that of an unbroken run", name)
		}
	}
}

// interrupt sends the signal of Ctrl-C when a line with that beginning appears, and returns the lines of standard error.
func interrupt(t *testing.T, cmd *exec.Cmd, at string) (lines []string) {
	t.Helper()
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	scanner := bufio.NewScanner(stderr)
	for scanner.Scan() {
		lines = append(lines, scanner.Text())
		if strings.HasPrefix(scanner.Text(), at) {
			_ = cmd.Process.Signal(os.Interrupt) // it may have ended
		}
	}
	_ = cmd.Wait() // the exit code tells
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Fatalf("exit code %d after %q, want 1", code, lines)
	}
	return lines
}

// The second Ctrl-C does not wait for what the first one asked for.
func TestSecondInterruptEndsAtOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
	cmd := command(append(tuneArgs(t, dir), "--epochs", "10000")...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, filepath.Join(dir, "checkpoint.safetensors")) // the step is being compiled now
	started := time.Now()
	for range 2 {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond) // two signals at once may arrive as one
	}
	err := cmd.Wait()
	status, _ := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if took := time.Since(started); !status.Signaled() || status.Signal() != syscall.SIGINT || took > time.Second {
		t.Errorf("ended after %v with %v, want at once by the signal", took, err)
	}
}

// waitFor returns when a file is there.
func waitFor(t *testing.T, path string) {
	t.Helper()
	for range 600 {
		if _, err := os.Stat(path); err == nil {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s does not appear", path)
}
