package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/pkg/errors"
)

func TestShellWords(t *testing.T) {
	for _, words := range [][]string{
		{"bin/lpq", "finetune", "--lr=1e-3", "a,b+c@d:e%f_"},
		{"a b", "it's", `"quoted"`, "$HOME", "`date`", "a;b|c&d>e", "*", "~", "", "new\nline", "ä", `back\slash`, "#", "!"},
	} {
		got, err := exec.Command("sh", "-c", "printf '<%s>' "+shellWords(words)).Output()
		if err != nil {
			t.Fatal(err)
		}
		if want := "<" + strings.Join(words, "><") + ">"; string(got) != want {
			t.Errorf("a shell reads %s, want %s", got, want)
		}
	}
	if got := shellWords([]string{"bin/lpq", "eval", "--seed=1"}); got != "bin/lpq eval --seed=1" {
		t.Errorf("got %s, want no quotes where none are needed", got)
	}
}

func TestResumeCommand(t *testing.T) {
	for resume, want := range map[bool]string{false: "lpq finetune --out 'my run' --resume", true: "lpq finetune --out 'my run'"} {
		if got := (&training{resume: resume}).resumeCommand([]string{"lpq", "finetune", "--out", "my run"}); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestOneLine(t *testing.T) {
	if got := oneLine(errors.New("no file \"a  b\":\r\n  open it\n\n")); got != `no file "a  b": open it` {
		t.Errorf("got %q", got)
	}
}
