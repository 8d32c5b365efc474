package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/lpq/plot"
)

//go:embed report.html
var markup string

//go:embed report.css
var style string

var pageTemplate = template.Must(template.New("report").Parse(markup))

// page is what the template shows.
type page struct {
	Title    string
	Style    template.CSS
	Lead     string
	Missing  []string
	Sections []section
}

// section is a part of the page with a heading.
type section struct {
	ID, Title string
	Text      []string
	List      []string // of what needs attention
	Blocks    []block
}

// block is one of its fields.
type block struct {
	Text   string
	Table  *table
	Figure *figure
	Fold   *fold
}

// fold is closed until the reader opens it. On paper it is open.
type fold struct {
	Summary string
	Blocks  []block
}

// table is columns, and rows of as many cells; the first cell of a row names it.
type table struct {
	ID      string // set when the page is made
	Caption string
	Columns []column
	Rows    [][]cell
	// Names is how many columns stand before those that each belong to a run; 0: columns do not belong to runs.
	Names int
}

type column struct {
	Name   string
	Number bool // aligned by its digits
	Prose  bool // needs width
	Whole  bool // is never broken into lines
}

type cell struct {
	Text  string
	Small string // below it
	State string // of a run: a mark in its colour
	Code  bool
}

// figure is drawings, as SVG, with a caption.
type figure struct {
	Caption string
	Panels  []panel
}

// panel is a drawing of so many pixels, and how narrow it may become before it is scrolled.
type panel struct {
	Width, MinWidth int
	SVG             template.HTML
}

func (s *section) add(content any) {
	var b block
	switch content := content.(type) {
	case *table:
		s.Blocks = append(s.Blocks, tables(content)...)
		return
	case *figure:
		b.Figure = content
	case *fold:
		b.Fold = content
	default:
		panic(errors.Errorf("report: a section cannot show a %T", content))
	}
	s.Blocks = append(s.Blocks, b)
}

// Class is the column's in the style sheet.
func (c column) Class() string {
	switch {
	case c.Number:
		return "number"
	case c.Prose:
		return "prose"
	case c.Whole:
		return "whole"
	}
	return "text"
}

// columns are those of such names; one that ends in # holds numbers, one that ends in ~ sentences, one that ends in _ what is never broken into lines.
func columns(names ...string) []column {
	all := make([]column, len(names))
	for i, name := range names {
		name, all[i].Number = strings.CutSuffix(name, "#")
		name, all[i].Whole = strings.CutSuffix(name, "_")
		all[i].Name, all[i].Prose = strings.CutSuffix(name, "~")
	}
	return all
}

// cells are values as experiments.Cell writes them.
func cells(values ...any) []cell {
	row := make([]cell, len(values))
	for i, v := range values {
		if c, ok := v.(cell); ok {
			row[i] = c
		} else {
			row[i].Text = experiments.Cell(v)
		}
	}
	return row
}

// code is a long number in hexadecimal digits, of a file or of a revision, or a program's flags.
var code = regexp.MustCompile(`^([0-9a-f]{32,}\+?|--\S.*)$`)

// texts are values as they are.
func texts(values []string) []cell {
	row := make([]cell, len(values))
	for i, v := range values {
		row[i] = cell{Text: v, Code: code.MatchString(v)}
	}
	return row
}

// tables are blocks of tables, each cut where it has more runs side by side than a page has room for.
func tables(all ...*table) (blocks []block) {
	const most = 10
	for _, t := range all {
		n := len(t.Columns) - t.Names
		if t.Names == 0 || n <= most {
			blocks = append(blocks, block{Table: t})
			continue
		}
		for from, to := range shares(n, most) {
			part := &table{Caption: fmt.Sprintf("%s Runs %d to %d of %d.", t.Caption, from+1, to, n), Names: t.Names}
			part.Columns = slices.Concat(t.Columns[:t.Names], t.Columns[t.Names+from:t.Names+to])
			for _, row := range t.Rows {
				part.Rows = append(part.Rows, slices.Concat(row[:t.Names], row[t.Names+from:t.Names+to]))
			}
			blocks = append(blocks, block{Table: part})
		}
	}
	return blocks
}

// shares cuts n things into as few shares as possible, of most at most and about the same size: from which to before which.
func shares(n, most int) iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		parts := (n + most - 1) / most
		for i := range parts {
			if !yield(i*n/parts, (i+1)*n/parts) {
				return
			}
		}
	}
}

// withoutEmpty is the table without columns that say nothing.
func (t *table) withoutEmpty() *table {
	for i := len(t.Columns) - 1; i > 0; i-- {
		if slices.ContainsFunc(t.Rows, func(row []cell) bool { return row[i].Text != "" }) {
			continue
		}
		t.Columns = slices.Delete(t.Columns, i, i+1)
		for j := range t.Rows {
			t.Rows[j] = slices.Delete(t.Rows[j], i, i+1)
		}
	}
	return t
}

// count writes a number with its thousands apart.
func count(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// newFigure draws.
func newFigure(caption string, drawings ...*plot.Figure) (*figure, error) {
	f := &figure{Caption: caption}
	for _, d := range drawings {
		document, err := d.SVG()
		if err != nil {
			return nil, err
		}
		svg, err := inline(document, d)
		if err != nil {
			return nil, err
		}
		const pixelsPerInch, readable = 96, 0.75 // text of 9 points, at that scale, has 9 pixels
		width, _ := d.Size()
		f.Panels = append(f.Panels, panel{int(width * pixelsPerInch), int(width * pixelsPerInch * readable), svg})
	}
	return f, nil
}

// inline makes an element of an SVG document: without its head and size, and with a name for those who do not see it.
func inline(document []byte, d *plot.Figure) (template.HTML, error) {
	start := bytes.Index(document, []byte("<svg"))
	view := bytes.Index(document, []byte("viewBox="))
	if start < 0 || view < start {
		return "", errors.Errorf("report: figure %q is not the SVG that it should be", d.Title())
	}
	head := fmt.Sprintf(`<svg role="img" aria-label="%s" `, template.HTMLEscapeString(d.String()))
	return template.HTML(head + strings.TrimSpace(string(document[view:]))), nil // package plot escapes text
}

// HTML is the report as one document.
func (r *Report) HTML() ([]byte, error) {
	p := page{Title: r.title(), Style: template.CSS(style), Lead: r.lead(), Missing: r.missing()}
	for _, part := range []func() (section, error){r.overview, r.repeats, r.training, r.similarity,
		func() (section, error) { return r.ranges(), nil }, r.settings, r.environment} {
		s, err := part()
		if err != nil {
			return nil, err
		}
		p.Sections = append(p.Sections, s)
	}
	tables := 0
	for _, s := range p.Sections {
		numberTables(s.Blocks, &tables)
	}
	var b bytes.Buffer
	err := pageTemplate.Execute(&b, p)
	return b.Bytes(), errors.Wrap(err, "report")
}

// numberTables gives tables their identifiers.
func numberTables(blocks []block, n *int) {
	for _, b := range blocks {
		if b.Table != nil {
			*n++
			b.Table.ID = fmt.Sprintf("table-%d", *n)
		}
		if b.Fold != nil {
			numberTables(b.Fold.Blocks, n)
		}
	}
}
