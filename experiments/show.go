package experiments

import "github.com/lowprec/lpnets/lpq/notebook"

// Show displays the tables that are for readers, the notes and the figures, in a notebook or a terminal.
func (r Report) Show() {
	for _, t := range r.Tables {
		if len(t.Shown) > 0 {
			notebook.Markdown(t.Caption)
			notebook.Table(t.Header(), t.Cells())
		}
	}
	for _, note := range r.Notes {
		notebook.Markdown(note)
	}
	for _, f := range r.Figures {
		notebook.Show(f.Figure)
	}
}
