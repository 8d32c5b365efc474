package experiments_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/lpq/plot"
)

const resultsText = "# Title\n\nClaim.\n\nPreset `demo`, built-in images.\n\nOurs:\n\n| a |\n| --- |\n| 1 |\n\nA note.\n\n![accuracy](a.png)\n"

// writeResults makes a folder of results; without a figure where png is nil.
func writeResults(t *testing.T, text string, png []byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	files := map[string][]byte{"results.md": []byte(text)}
	if png != nil {
		files["a.png"] = png
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadResultsRefuses(t *testing.T) {
	png, err := plot.Lines("accuracy", "epoch", "top-1 (%)", plot.Series{Y: []float64{1, 2}}).PNG()
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		text string
		png  []byte
		want string // nothing: no error
	}{
		"whole":             {resultsText, png, ""},
		"figure missing":    {resultsText, nil, "a.png"},
		"another file":      {"Preset `demo`", png, "is not what lpq experiment run writes"},
		"empty":             {"", png, "is not what lpq experiment run writes"},
		"figure from above": {strings.ReplaceAll(resultsText, "a.png", "../a.png"), nil, ""}, // is no figure of ours: stays text
	} {
		_, err := experiments.ReadResults(writeResults(t, test.text, test.png))
		if (err == nil) != (test.want == "") || err != nil && (!strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
}

// The results that are committed can be read: they were written by what reads them.
func TestCommittedResults(t *testing.T) {
	dirs, err := filepath.Glob("*/results/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no results: %v", err)
	}
	for _, dir := range dirs {
		if _, err := experiments.ReadResults(dir); err != nil {
			t.Error(err)
		}
	}
}

// Tables are shown as a report's are: numbers to the right, and nothing of columns that are empty.
func ExampleResults_Show() {
	dir, err := os.MkdirTemp("", "results-*")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	text := "# Title\n\nClaim.\n\nPreset `demo`, built-in images.\n\nOurs:\n\n| label | top-1 % | 95 % interval |\n| --- | --- | --- |\n| fp32 \\| all | 97.80 |  |\n| w4a4 | 8.10 |  |\n\nA note.\n"
	if err := os.WriteFile(filepath.Join(dir, "results.md"), []byte(text), 0o666); err != nil {
		panic(err)
	}
	results, err := experiments.ReadResults(dir)
	if err != nil {
		panic(err)
	}
	results.Show()
	// Output:
	// Preset `demo`, built-in images.
	// Ours:
	// label       top-1 %
	// ----------  -------
	// fp32 | all    97.80
	// w4a4           8.10
	// A note.
}

func ExampleReadResults() {
	results, err := experiments.ReadResults("no/such/folder")
	if err != nil {
		panic(err)
	}
	results.Show()
	// Output: There are no results in `no/such/folder` yet. `lpq experiment run` writes them (`lpq experiment list` says how long it takes).
}
