package notebook

import (
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
	"github.com/pkg/errors"
)

// Table displays rows of cells under a header; columns of numbers are aligned to the right. Outside a notebook it prints
// them as text. Every row must have as many cells as the header, else the process ends with one line.
func Table(header []string, rows [][]string) {
	t := Must(newTable(header, rows))
	if !gonbui.IsNotebook {
		fmt.Print(t.text())
		return
	}
	Check(send(&protocol.DisplayData{
		Data: map[protocol.MIMEType]any{protocol.MIMETextHTML: t.html(), protocol.MIMETextPlain: t.text()},
	}))
}

// table is a header and rows of the same length.
type table struct {
	header  []string
	rows    [][]string
	numeric []bool // By column: every cell is a number, or empty.
	long    []bool // By column: some cell has more text than fits in a few words.
}

// longCell is how many characters a cell may have without its column being long.
const longCell = 32

func newTable(header []string, rows [][]string) (*table, error) {
	if len(header) == 0 {
		return nil, errors.New("notebook.Table: the header is empty")
	}
	t := &table{header: header, rows: rows, numeric: make([]bool, len(header)), long: make([]bool, len(header))}
	for column := range header {
		t.numeric[column] = len(rows) > 0
	}
	for i, row := range rows {
		if len(row) != len(header) {
			return nil, errors.Errorf("notebook.Table: row %d has %d cells, the header has %d", i, len(row), len(header))
		}
		for column, cell := range row {
			t.numeric[column] = t.numeric[column] && looksNumeric(cell)
			t.long[column] = t.long[column] || utf8.RuneCountInString(cell) > longCell
		}
	}
	return t, nil
}

// looksNumeric tells whether a cell reads as a number: digits with a sign or decimals, maybe a bound, then maybe a unit or interval
// after a space, as in "-0.31", "≤ 3", "91.2 %", "91.2 ± 0.5". An empty cell and a dash go with any column.
func looksNumeric(cell string) bool {
	if cell = strings.TrimSpace(cell); cell == "" || cell == "-" || cell == "–" {
		return true
	}
	number, _, _ := strings.Cut(strings.TrimLeft(cell, "+-−<>≤≥=~≈ "), " ")
	return number != "" && strings.Trim(number, "0123456789.,eE+-%x") == "" && number[0] >= '0' && number[0] <= '9'
}

// html returns the table as HTML, with the cells' text escaped.
func (t *table) html() string {
	var b strings.Builder
	row := func(tag string, cells []string) {
		b.WriteString("<tr>")
		for column, cell := range cells {
			style := "text-align:left"
			switch {
			case t.numeric[column]:
				style = "text-align:right"
			case t.long[column]:
				style += ";min-width:12em" // else other columns would squeeze it into one word a line
			}
			fmt.Fprintf(&b, `<%s style="%s">%s</%s>`, tag, style, html.EscapeString(cell), tag)
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("<table>\n<thead>")
	row("th", t.header)
	b.WriteString("</thead>\n<tbody>\n")
	for _, cells := range t.rows {
		row("td", cells)
	}
	b.WriteString("</tbody>\n</table>\n")
	return b.String()
}

// text returns the table as lines of text with aligned columns.
func (t *table) text() string {
	widths := make([]int, len(t.header))
	rule := make([]string, len(t.header))
	for column := range t.header {
		widths[column] = utf8.RuneCountInString(t.header[column])
		for _, row := range t.rows {
			widths[column] = max(widths[column], utf8.RuneCountInString(row[column]))
		}
		rule[column] = strings.Repeat("-", widths[column])
	}
	var b strings.Builder
	for _, row := range append([][]string{t.header, rule}, t.rows...) {
		line := ""
		for column, cell := range row {
			space := strings.Repeat(" ", widths[column]-utf8.RuneCountInString(cell))
			if t.numeric[column] {
				line += space + cell + "  "
			} else {
				line += cell + space + "  "
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}
