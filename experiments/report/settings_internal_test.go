package report

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lowprec/lpnets/experiments/run"
)

// texts of a table's rows.
func rowTexts(t *table) (rows []string) {
	for _, row := range t.Rows {
		var all []string
		for _, c := range row {
			all = append(all, c.Text)
		}
		rows = append(rows, strings.Join(all, "|"))
	}
	return rows
}

// Attempts before the last one have a table of their own, and flags are code.
func TestEnvironment(t *testing.T) {
	const flags = "--xla_cpu_use=false --xla_cpu_other=true"
	a, b := named("a", "n", 1, "", "x"), named("b", "n", 1, "", "y")
	a.Name, b.Name = "a", "b"
	a.Made = &run.Environment{Backend: "xla", Cores: 2, Flags: flags, Before: []run.Environment{{Backend: "xla", Cores: 4}}}
	b.Made = &run.Environment{Backend: "xla", Cores: 2}
	s, err := (&Report{Runs: []*Run{a, b}}).environment()
	if err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for _, block := range s.Blocks[:2] {
		got = append(got, rowTexts(block.Table))
	}
	want := [][]string{{"a|done||||" + flags, "b|done||||"}, {"a|1|cores|4|2", "a|1|xla_flags||" + flags}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if row := s.Blocks[0].Table.Rows[0]; !row[5].Code || row[0].Code {
		t.Errorf("got %+v, want only flags as code", row)
	}
}

// A table with many runs side by side is cut, each part with the names of its rows.
func TestTablesAreCut(t *testing.T) {
	wide := &table{Caption: "All.", Columns: columns("layer", "weights#"), Names: 2, Rows: [][]cell{cells("conv1", 9)}}
	for i := range 21 {
		wide.Columns = append(wide.Columns, column{Name: fmt.Sprint(i)})
		wide.Rows[0] = append(wide.Rows[0], cells(i)...)
	}
	var got []string
	for _, b := range tables(wide, &table{Columns: columns(strings.Fields(strings.Repeat("c ", 20))...)}) {
		got = append(got, strings.Join(append([]string{b.Table.Caption, fmt.Sprint(len(b.Table.Columns))}, rowTexts(b.Table)...), " "))
	}
	want := []string{"All. Runs 1 to 7 of 21. 9 conv1|9|0|1|2|3|4|5|6", "All. Runs 8 to 14 of 21. 9 conv1|9|7|8|9|10|11|12|13",
		"All. Runs 15 to 21 of 21. 9 conv1|9|14|15|16|17|18|19|20", " 20"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
