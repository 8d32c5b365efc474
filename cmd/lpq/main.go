// Command lpq finds low-precision networks close to full-precision ones: it evaluates, quantizes, fine-tunes, trains and compares. See lpq
// help, and the README.
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/lowprec/lpnets/lpq"
)

func main() {
	if err := newRoot().ExecuteContext(lpq.Interruptible()); err != nil {
		fmt.Fprintln(os.Stderr, "lpq: "+oneLine(err))
		os.Exit(1)
	}
}

// oneLine is an error without line breaks: some come from C++.
func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
