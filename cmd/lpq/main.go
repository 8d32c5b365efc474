// Command lpq finds low-precision networks close to full-precision ones: it evaluates, quantizes, fine-tunes, trains and compares. See lpq
// help, and the README.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/finetune"
)

func main() {
	if err := newRoot().ExecuteContext(lpq.Interruptible()); err != nil {
		fmt.Fprintln(os.Stderr, "lpq: "+message(err))
		os.Exit(1)
	}
}

// message is what the user is told of an error, in one line.
func message(err error) string {
	if isInterrupt(err) {
		return "interrupted"
	}
	return oneLine(err)
}

// isInterrupt tells whether Ctrl-C ended an action.
func isInterrupt(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, finetune.ErrInterrupted)
}

// oneLine is an error without line breaks: some come from C++.
func oneLine(err error) string {
	lines := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' })
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, " ")
}
