package experiments

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/notebook"
)

// Results are what Plan.Write wrote into a folder for a reader.
type Results struct {
	dir     string
	text    string // Markdown: tables and notes; empty: nothing was written yet
	figures []resultFigure
}

// resultFigure is a PNG file's content and what it shows.
type resultFigure struct {
	title string
	png   []byte
}

// figureLink is a figure in the text: title, file.
var figureLink = regexp.MustCompile(`(?m)^!\[(.*)\]\(([^/\\)]+\.png)\)\n?`)

// ReadResults reads results from a folder; that it is not there is no error, and Show says so.
func ReadResults(dir string) (Results, error) {
	r := Results{dir: dir}
	path := filepath.Join(dir, resultsFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, errors.Wrap(err, "results")
	}
	heading, rest, found := strings.Cut(string(text), resultsBody)
	if !found || !strings.HasPrefix(heading, "# ") {
		return r, errors.Errorf("%s is not what lpq experiment run writes", path)
	}
	for _, link := range figureLink.FindAllStringSubmatch(rest, -1) {
		content, err := os.ReadFile(filepath.Join(dir, link[2]))
		if err != nil {
			return r, errors.Wrapf(err, "figure of %s", path)
		}
		r.figures = append(r.figures, resultFigure{link[1], content})
	}
	r.text = resultsBody + strings.TrimRight(figureLink.ReplaceAllString(rest, ""), "\n") + "\n"
	return r, nil
}

// Show displays tables, without columns that are empty, notes and figures, but not the experiment's title and claim, in a notebook or a terminal.
func (r Results) Show() {
	if r.text == "" {
		notebook.Markdown(fmt.Sprintf("There are no results in `%s` yet. `lpq experiment run` writes them (`lpq experiment list` says how long it takes).", r.dir))
		return
	}
	for _, part := range strings.Split(r.text, "\n\n") {
		if header, rows, ok := readTable(part); ok {
			notebook.Table(filled(header, rows))
		} else {
			notebook.Markdown(part)
		}
	}
	for _, f := range r.figures {
		notebook.Image(f.png, f.title)
	}
}
