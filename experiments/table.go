package experiments

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/analysis"
)

// Table is a table of results: a CSV file, and what a reader sees of it.
type Table struct {
	Name    string // of the file, without extension
	Caption string
	Columns []string // in snake_case, with the unit
	Shown   []string // columns that a reader sees; none: the table is for machines
	Rows    [][]string
}

// headings are what a reader sees above a column; others show their names.
var headings = map[string]string{
	"top1_pct": "top-1 %", "top5_pct": "top-5 %", "validation_top1_pct": "validation top-1 %", "top1_interval_pct": "95 % interval", "mean_cosine": "mean cosine", "min_cosine": "least", "quantized_cosine": "quantized", "untrained_cosine": "untrained", "min_layer": "in layer", "size_bytes": "bytes",
	"diff_pct": "difference, points", "diff_interval_pct": "its 95 % interval", "diff_baseline_pct": "− baseline, points", "mcnemar_p": "McNemar p",
	"test_loss_nats": "test loss, nats", "solution_top1_pct": "top-1 % of the solution",
	"source": "the number was", "exponents": "exponents by",
}

// CSV is the table with a line of column names.
func (t Table) CSV() ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	err := w.WriteAll(append([][]string{t.Columns}, t.Rows...))
	return b.Bytes(), errors.Wrapf(err, "table %s", t.Name)
}

// Header is what a reader sees above the columns.
func (t Table) Header() (header []string) {
	for _, name := range t.Shown {
		header = append(header, heading(name))
	}
	return header
}

// Cells are what a reader sees of the rows.
func (t Table) Cells() (rows [][]string) {
	for _, row := range t.Rows {
		var cells []string
		for _, name := range t.Shown {
			cells = append(cells, row[slices.Index(t.Columns, name)])
		}
		rows = append(rows, cells)
	}
	return rows
}

// Markdown is what a reader sees.
func (t Table) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", t.Caption)
	rule := slices.Repeat([]string{"---"}, len(t.Shown))
	for _, cells := range append([][]string{t.Header(), rule}, t.Cells()...) {
		for i := range cells {
			cells[i] = strings.ReplaceAll(cells[i], "|", `\|`)
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	return b.String()
}

// readTable is the header and the rows of a table that Markdown wrote; ok tells whether the text is one.
func readTable(text string) (header []string, rows [][]string, ok bool) {
	const bar = "\x00" // in a cell
	for line := range strings.Lines(strings.ReplaceAll(text, `\|`, bar)) {
		line, ok = strings.CutPrefix(strings.TrimSpace(line), "| ")
		cells := strings.Split(strings.TrimSuffix(line, " |"), " | ")
		if !ok || len(rows) > 0 && len(cells) != len(rows[0]) {
			return nil, nil, false
		}
		for i := range cells {
			cells[i] = strings.ReplaceAll(cells[i], bar, "|")
		}
		rows = append(rows, cells)
	}
	if len(rows) < 2 || strings.Trim(strings.Join(rows[1], ""), "-:") != "" { // the rule below the header
		return nil, nil, false
	}
	return rows[0], rows[2:], true
}

func heading(column string) string {
	if h, ok := headings[column]; ok {
		return h
	}
	return strings.ReplaceAll(column, "_", " ")
}

// Add adds a row; cells are in the order of the columns, and numbers are written as Cell does.
func (t *Table) Add(cells ...any) {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = Cell(c)
	}
	t.Rows = append(t.Rows, row)
}

// Points is an accuracy, or a difference of two, in percent: two decimals.
type Points float64

// Signed is a difference in percentage points, with its sign.
type Signed float64

// Cosine is a similarity: six decimals.
type Cosine float64

// P is the p-value of a test: three digits.
type P float64

// Cell writes a value of a table: nil as nothing, Points, Signed, Cosine and P as they say, other floats with as many digits as they need, at most six.
func Cell(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case Points:
		return fmt.Sprintf("%.2f", float64(v))
	case Signed:
		return fmt.Sprintf("%+.2f", float64(v))
	case Cosine:
		return fmt.Sprintf("%.6f", float64(v))
	case P:
		if v <= analysis.LeastP {
			return fmt.Sprintf("< %g", analysis.LeastP)
		}
		return strconv.FormatFloat(float64(v), 'g', 3, 64)
	case float64:
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	return fmt.Sprint(value)
}
