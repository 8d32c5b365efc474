package table1_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/experiments/table1"
	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/internal/testruns"
)

// The embedded numbers of the paper are the ones that were read.
func TestPaperIsTheSharedOne(t *testing.T) {
	want, err := os.ReadFile(filepath.Join(shared.Dir(t), "paper_table1.csv"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("paper_table1.csv")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("paper_table1.csv is not that of the shared folder: copy it")
	}
}

// Nothing done: the paper's table alone, and the baselines' differences as they can be computed by hand.
func TestReportOfNothing(t *testing.T) {
	r, err := table1.Experiment.Report(nil)
	if err != nil {
		t.Fatal(err)
	}
	paper := r.Tables[2]
	if paper.Name != "paper" || len(r.Tables[0].Rows) != 0 || len(r.Figures) != 0 {
		t.Fatalf("got %+v", r)
	}
	want := []string{"resnet50", "FAQ", "w8a8", "76.52", "93.09", "+0.37", "read"} // 76.52 - 76.15
	if !slices.ContainsFunc(paper.Rows, func(row []string) bool { return slices.Equal(row, want) }) {
		t.Errorf("no row %v in %v", want, paper.Rows)
	}
}

func TestPlan(t *testing.T) {
	preset, err := table1.Experiment.Preset("cifar10")
	if err != nil {
		t.Fatal(err)
	}
	runs := table1.Experiment.Plan(experiments.Material{Preset: preset, Seeds: []uint64{1, 2},
		Networks: []experiments.Network{{Name: "resnet20", Start: run.Start{SHA256: "00"}}, {Name: "resnet56", Start: run.Start{SHA256: "01"}}}})
	if want := 2 * (1 + 2*5); len(runs) != want {
		t.Fatalf("%d runs, want %d: a baseline and five for each seed, of two networks", len(runs), want)
	}
	testruns.CheckPlan(t, runs)
	for _, c := range runs {
		control := c.Label == "w4a4-control" || c.Label == "w8a8-control" || c.Label == "baseline"
		if float := c.Precision() == "fp32"; float != control {
			t.Errorf("%s is %s", c.Label, c.Precision())
		}
	}
}
