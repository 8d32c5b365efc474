package experiments

import (
	"slices"

	"github.com/lowprec/lpnets/lpq/notebook"
)

// Show displays the tables that are for readers, without columns that are empty, the notes and the figures, in a notebook or a terminal.
func (r Report) Show() {
	for _, t := range r.Tables {
		if len(t.Shown) > 0 {
			notebook.Markdown(t.Caption)
			notebook.Table(filled(t.Header(), t.Cells()))
		}
	}
	for _, note := range r.Notes {
		notebook.Markdown(note)
	}
	for _, f := range r.Figures {
		notebook.Show(f.Figure)
	}
}

// filled are the columns in which some row has something: with a single seed there are no intervals, for instance.
func filled(all []string, cells [][]string) (header []string, rows [][]string) {
	rows = make([][]string, len(cells))
	for i := range all {
		if len(cells) > 0 && !slices.ContainsFunc(cells, func(row []string) bool { return row[i] != "" }) {
			continue
		}
		header = append(header, all[i])
		for j, row := range cells {
			rows[j] = append(rows[j], row[i])
		}
	}
	return header, rows
}
