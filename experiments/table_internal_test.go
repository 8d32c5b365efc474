package experiments

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readTable undoes Markdown, and takes nothing else for a table.
func TestReadTable(t *testing.T) {
	table := Table{Columns: []string{"label", "top1_pct", "diff_interval_pct"}, Shown: []string{"label", "top1_pct", "diff_interval_pct"},
		Rows: [][]string{{"w4a4 | mse", "87.77", ""}, {"", "8.10", ""}}}
	written := strings.TrimSpace(table.Markdown())
	header, rows, ok := readTable(written)
	if diff := cmp.Diff(table.Cells(), rows) + cmp.Diff(table.Header(), header); !ok || diff != "" {
		t.Errorf("read %v: %s", ok, diff)
	}
	for name, text := range map[string]string{"a note": "A note.", "nothing": "", "no rule": "| a |\n| b |", "ragged": written + "\n| a |", "a line more": written + "\nA note."} {
		if _, _, ok := readTable(text); ok {
			t.Errorf("%s is read as a table", name)
		}
	}
}
