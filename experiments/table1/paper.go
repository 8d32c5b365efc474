package table1

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"strconv"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/experiments"
)

//go:embed paper_table1.csv
var paperCSV []byte

// paperRow is a row of the paper's table.
type paperRow struct {
	network, method, weightBits, activationBits, top1, top5, source string
}

// readPaper returns the rows of the embedded table.
func readPaper() (rows []paperRow, err error) {
	records, err := csv.NewReader(bytes.NewReader(paperCSV)).ReadAll()
	if err != nil {
		return nil, errors.Wrap(err, "the paper's table")
	}
	for _, r := range records[1:] {
		rows = append(rows, paperRow{r[0], r[1], r[2], r[3], r[4], r[5], r[6]})
	}
	return rows, nil
}

// paperTable has the paper's baselines and own networks, with the differences that ours stand beside.
func paperTable() (experiments.Table, error) {
	t := experiments.Table{
		Name: "paper", Caption: "The paper's, on ImageNet; \"recalled\" numbers were not read again in the paper:",
		Columns: []string{"network", "method", "precision", "top1_pct", "top5_pct", "diff_baseline_pct", "source"},
		Shown:   []string{"network", "method", "precision", "top1_pct", "top5_pct", "diff_baseline_pct", "source"},
	}
	rows, err := readPaper()
	if err != nil {
		return t, err
	}
	baselines := map[string]float64{}
	for _, r := range rows {
		top1, err := strconv.ParseFloat(r.top1, 64)
		if err != nil {
			return t, errors.Wrapf(err, "the paper's table, %s", r.network)
		}
		switch r.method {
		case "baseline":
			baselines[r.network] = top1
			t.Add(r.network, r.method, "fp32", r.top1, r.top5, nil, r.source)
		case "FAQ":
			t.Add(r.network, r.method, "w"+r.weightBits+"a"+r.activationBits, r.top1, r.top5, experiments.Signed(top1-baselines[r.network]), r.source)
		}
	}
	return t, nil
}
