// Command readme fills the tables of a Markdown file from CSV files of results, so that no number in it is copied by hand.
//
//	go run ./internal/readme README.md          # write
//	go run ./internal/readme -check README.md   # fail if it would change
//
// A table stands between two comments, the first of which names the file, relative to the Markdown file, and the columns:
//
//	<!-- table experiments/table1/results/cifar10/table1.csv: network label top1_pct -->
//	<!-- end -->
package main

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/internal/atomicfile"
)

func main() {
	check := flag.Bool("check", false, "write nothing, and fail if the tables are not those of the results")
	flag.Parse()
	for _, path := range flag.Args() {
		if err := update(path, *check); err != nil {
			fmt.Fprintln(os.Stderr, "readme:", err)
			os.Exit(1)
		}
	}
}

func update(path string, check bool) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return errors.Wrap(err, "reading")
	}
	filled, err := fill(text, filepath.Dir(path))
	switch {
	case err != nil:
		return errors.WithMessage(err, path)
	case bytes.Equal(text, filled):
		return nil
	case check:
		return errors.Errorf("tables of %s are not those of the results; write them with: go run ./internal/readme %s", path, path)
	}
	return atomicfile.WriteBytes(path, filled)
}

// marked is a table with its comments: file, columns.
var marked = regexp.MustCompile(`(?s)<!-- table (\S+): ([^\n]*?) -->\n.*?<!-- end -->`)

// fill returns the text with all tables made anew, from files below a folder.
func fill(text []byte, dir string) (filled []byte, err error) {
	if n, found := bytes.Count(text, []byte("<!-- table ")), len(marked.FindAll(text, -1)); n != found {
		return nil, errors.Errorf("%d comments begin a table, and %d are whole: <!-- table FILE: COLUMN... --> and <!-- end --> on lines of their own", n, found)
	}
	filled = marked.ReplaceAllFunc(text, func(found []byte) []byte {
		parts := marked.FindSubmatch(found)
		file, columns := string(parts[1]), string(parts[2])
		table, failed := read(filepath.Join(dir, file), strings.Fields(columns))
		if failed != nil {
			err = failed
			return found
		}
		return fmt.Appendf(nil, "<!-- table %s: %s -->\n\n%s\n<!-- end -->", file, columns, strings.TrimLeft(table.Markdown(), "\n"))
	})
	return filled, err
}

// read is a table of some columns of a CSV file.
func read(path string, columns []string) (t experiments.Table, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return t, errors.Wrap(err, "table")
	}
	records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return t, errors.Wrapf(err, "table %s", path)
	}
	if len(records) == 0 {
		return t, errors.Errorf("table %s is empty", path)
	}
	t = experiments.Table{Columns: records[0], Shown: columns, Rows: records[1:]}
	for _, name := range columns {
		if !slices.Contains(t.Columns, name) {
			return t, errors.Errorf("table %s has no column %q; it has %s", path, name, strings.Join(t.Columns, " "))
		}
	}
	return t, nil
}
