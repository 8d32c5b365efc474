package experiments

import (
	"strings"
	"testing"

	"github.com/lowprec/lpnets/experiments/run"
)

// The first of the runs that are not done is one that failed, if any did.
func TestFailures(t *testing.T) {
	var outcomes []run.Outcome
	for _, s := range []run.Status{{State: run.Done}, {State: run.Running}, {State: run.Failed, Reason: "no space"}} {
		outcomes = append(outcomes, run.Outcome{Status: s})
	}
	got := failures(outcomes)
	if len(got) != 2 || !strings.HasSuffix(got[0], ": no space") || !strings.HasSuffix(got[1], ": running") {
		t.Errorf("got %q", got)
	}
}
