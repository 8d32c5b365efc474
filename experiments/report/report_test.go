package report_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/lowprec/lpnets/experiments/report"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
)

// runs are made once: a small sweep with a baseline, two seeds of 4 bits and one that diverges, and a folder as lpq finetune leaves it.
var runs struct {
	once     sync.Once
	dir      string
	err      error
	sweep    []string
	training string
}

func TestMain(m *testing.M) {
	code := m.Run()
	if runs.dir != "" {
		_ = os.RemoveAll(runs.dir) // a temporary folder
	}
	os.Exit(code)
}

// folders are those of the sweep's runs, and that of the training.
func folders(t *testing.T) (sweep []string, training string) {
	t.Helper()
	engine := testbackend.XLA(t)
	runs.once.Do(func() {
		if runs.dir, runs.err = os.MkdirTemp("", "lpq-test-*"); runs.err != nil {
			return
		}
		s := run.Sweep{Dir: runs.dir, Engine: engine}
		if runs.err = plan(&s); runs.err == nil {
			runs.err = s.Run(t.Context())
		}
		for _, c := range s.Runs {
			runs.sweep = append(runs.sweep, filepath.Join(runs.dir, c.ID()))
		}
		runs.training = filepath.Join(runs.dir, "training")
		if runs.err == nil {
			runs.err = train(t, s, runs.training)
		}
	})
	if runs.err != nil {
		t.Fatal(runs.err)
	}
	return runs.sweep, runs.training
}

func plan(s *run.Sweep) (err error) {
	var images run.Data
	if s.Sets, images, err = run.OpenData(lpq.BuiltIn, models.Network{}, run.Limits{Train: 64, Test: 32}); err != nil {
		return err
	}
	start, err := run.FromFile(lpq.BuiltIn)
	if err != nil {
		return err
	}
	recipe, err := finetune.Get("demo4")
	if err != nil {
		return err
	}
	recipe.Epochs, recipe.Batch = 2, 32
	wild := recipe
	wild.Scheme, wild.WeightRule, wild.Rate.Start = "fp32", "", 1e30
	baseline := run.Config{Label: "baseline", Network: "resnet8", Seed: 1, Start: start, Data: images}
	config := func(label string, seed uint64, recipe finetune.Recipe) run.Config {
		return run.Config{Label: label, Network: "resnet8", Seed: seed, Start: run.From(baseline), Data: images, Recipe: &recipe}
	}
	s.Runs = []run.Config{baseline, config("w4a4", 1, recipe), config("w4a4", 2, recipe), config("diverges<b>&", 1, wild)}
	return nil
}

func train(t *testing.T, s run.Sweep, dir string) error {
	m, err := lpq.LoadModel(s.Engine, "resnet8", lpq.BuiltIn)
	if err != nil {
		return err
	}
	recipe := *s.Runs[1].Recipe
	recipe.Epochs = 1
	sets := s.Sets
	sets.Validation, sets.Train = data.Split(sets.Train, 32, 1)
	_, err = lpq.FineTune(t.Context(), m, sets, finetune.Options{Recipe: recipe, Seed: 3, Dir: dir})
	return err
}

func html(t *testing.T, dirs ...string) (*report.Report, string) {
	t.Helper()
	r, err := report.Open(dirs...)
	if err != nil {
		t.Fatal(err)
	}
	text, err := r.HTML()
	if err != nil {
		t.Fatal(err)
	}
	return r, string(text)
}

// document is a page as a parser sees it. Ours is well-formed XML too, so the standard library's strict parser is the judge.
type document struct {
	text     string // all text, outside of style
	elements map[string]int
	ids      map[string]bool
	refers   []string // to ids
	headings []string
	problems []string
}

func parse(t *testing.T, page string) *document {
	t.Helper()
	d := &document{elements: map[string]int{}, ids: map[string]bool{}}
	decoder := xml.NewDecoder(strings.NewReader(page))
	inStyle := false
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			inStyle = token.Name.Local == "style"
			d.element(token)
		case xml.EndElement:
			inStyle = false
		case xml.CharData:
			if inStyle {
				d.style(string(token))
			} else {
				d.text += string(token)
			}
		}
	}
	for _, id := range d.refers {
		if !d.ids[id] {
			d.problems = append(d.problems, "nothing has the id "+id)
		}
	}
	return d
}

// style notes what would be fetched.
func (d *document) style(text string) {
	for _, word := range []string{"url(", "@import", "@font-face", "expression("} {
		if strings.Contains(text, word) {
			d.problems = append(d.problems, "a style has "+word)
		}
	}
}

func (d *document) element(e xml.StartElement) {
	name := e.Name.Local
	d.elements[name]++
	switch name {
	case "script", "link", "img", "image", "iframe", "object", "embed", "base", "form", "use", "foreignObject":
		d.problems = append(d.problems, "element "+name)
	case "h1", "h2", "h3":
		d.headings = append(d.headings, name)
	}
	names := map[string]string{}
	for _, a := range e.Attr {
		names[a.Name.Local] = a.Value
		d.attribute(name, a.Name.Local, a.Value)
	}
	if name == "svg" && (names["aria-label"] == "" || names["role"] != "img" || names["viewBox"] == "" || names["width"] != "") {
		d.problems = append(d.problems, fmt.Sprintf("svg with %v", names))
	}
	if name == "th" && names["scope"] == "" {
		d.problems = append(d.problems, "th without scope")
	}
	if name == "html" && names["lang"] != "en" {
		d.problems = append(d.problems, "no language")
	}
}

func (d *document) attribute(element, key, value string) {
	switch {
	case key == "id":
		if d.ids[value] {
			d.problems = append(d.problems, "the id "+value+" is there twice")
		}
		d.ids[value] = true
	case key == "aria-labelledby":
		d.refers = append(d.refers, value)
	case key == "href":
		id, inside := strings.CutPrefix(value, "#")
		if !inside {
			d.problems = append(d.problems, "a reference to "+value)
		}
		d.refers = append(d.refers, id)
	case key == "src" || key == "srcset" || key == "data" || key == "action" || key == "poster" || strings.HasPrefix(key, "on"):
		d.problems = append(d.problems, element+" has "+key)
	case key == "style":
		d.style(value)
	}
}

// check is what must hold of every page: it stands alone and can be read by everyone.
func (d *document) check(t *testing.T) {
	t.Helper()
	for _, p := range d.problems {
		t.Error(p)
	}
	if d.elements["table"] == 0 || d.elements["caption"] != d.elements["table"] || d.elements["title"] != 1 {
		t.Errorf("%d tables, %d captions, %d titles", d.elements["table"], d.elements["caption"], d.elements["title"])
	}
	if h := strings.Join(d.headings, " "); !strings.HasPrefix(h, "h1 h2") || strings.Count(h, "h1") != 1 || strings.Contains(h, "h3") {
		t.Errorf("headings %s; want one h1, then h2", h)
	}
}

// wants checks that the page says something.
func (d *document) wants(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(d.text, text) {
			t.Errorf("the page does not say %q", text)
		}
	}
}

func TestReport(t *testing.T) {
	sweep, training := folders(t)
	r, page := html(t, append(sweep, training, sweep[0]+string(filepath.Separator))...)
	if len(r.Runs) != 5 {
		t.Fatalf("%d runs, want 5: one was given twice", len(r.Runs))
	}
	d := parse(t, page)
	d.check(t)
	if d.elements["svg"] != 8 { // accuracy, loss and top-1 on three sets of images, similarity
		t.Errorf("%d figures, want 8", d.elements["svg"])
	}
	names := []string{"baseline", "w4a4, seed 1", "w4a4, seed 2", "diverges<b>&", "demo4"}
	for i, o := range r.Runs {
		if o.Name != names[i] {
			t.Errorf("run %d is %s, want %s", i, o.Name, names[i])
		}
	}
	d.wants(t, "5 runs on synthetic/train (64 training, 32 test images); synthetic/train (32 training, 32 validation, 32 test images): 4 done, 1 failed.",
		"diverges<b>& is failed: ", "loss", fmt.Sprintf("%.2f", r.Runs[1].Result.Top1Pct), fmt.Sprintf("%.6f", r.Runs[2].Result.MeanCosine),
		"mse / mse", "layer1.0.relu1", "layer3.0.conv2.weight", r.Runs[1].Result.SHA256, "recipe.rate.start", "xla", r.Runs[0].Made.CPU,
		"McNemar's test: lpq finetune and lpq train keep no predictions (demo4)", "Exponents beside each other: w4a4, seed 1; w4a4, seed 2; demo4")
	if _, again := html(t, append(sweep, training)...); again != page {
		t.Error("the same runs give another page")
	}
}

// What a folder of lpq finetune has is found as the sweep's runs have it: the same network from the same start.
func TestTraining(t *testing.T) {
	sweep, training := folders(t)
	r, err := report.Open(sweep[1], training)
	if err != nil {
		t.Fatal(err)
	}
	made, trained := r.Runs[0], r.Runs[1]
	c := trained.Config
	if c.Network != "resnet8" || c.Seed != 3 || c.Recipe.Epochs != 1 || c.Data.Train != 32 || c.Data.Validation != 32 || c.Data.Test != 32 || trained.Status.State != run.Done {
		t.Errorf("got %+v, %s", c, trained.Status.State)
	}
	if trained.Result.SizeBytes != made.Result.SizeBytes || len(trained.Result.Layers) != len(made.Result.Layers) || trained.Result.Validation == nil {
		t.Errorf("got %+v", trained.Result)
	}
	if cosine := trained.Result.MeanCosine; !(cosine > 0.9 && cosine < 1) {
		t.Errorf("mean cosine %v to the built-in weights; want close to 1, but not 1", cosine)
	}
}

func TestOneRun(t *testing.T) {
	sweep, _ := folders(t)
	for _, dir := range sweep {
		_, page := html(t, dir)
		d := parse(t, page)
		d.check(t)
		d.wants(t, "There is one run, and nothing to compare it with.")
	}
}

// Differences are those that experiments.Compare finds, each run of a seed beside the baseline once.
func TestDifferences(t *testing.T) {
	sweep, _ := folders(t)
	r, page := html(t, sweep...)
	difference := (r.Runs[1].Result.Top1Pct+r.Runs[2].Result.Top1Pct)/2 - r.Runs[0].Result.Top1Pct
	row := fmt.Sprintf("w4a4</th><td class=\"text\">baseline</td><td class=\"number\">2</td><td class=\"number\">%+.2f</td>", difference)
	if page = strings.ReplaceAll(page, "&#43;", "+"); !strings.Contains(strings.ReplaceAll(page, "\n", ""), row) {
		t.Errorf("no row %s", row)
	}
}

func TestSave(t *testing.T) {
	sweep, _ := folders(t)
	r, page := html(t, sweep...)
	path := filepath.Join(t.TempDir(), "report.html")
	if err := r.Save(path); err != nil {
		t.Fatal(err)
	}
	if saved, err := os.ReadFile(path); err != nil || !bytes.Equal(saved, []byte(page)) {
		t.Errorf("another page was saved, error %v", err)
	}
	if err := r.Save(filepath.Join(t.TempDir(), "none", "report.html")); err == nil {
		t.Error("no folder: no error")
	}
}

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "run-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	metrics := `{"epoch": 1, "lr": 0.01, "train": {"images": 100, "top1_pct": 90, "loss": 0.3}}`
	if err := os.WriteFile(filepath.Join(dir, finetune.MetricsFile), []byte(metrics), 0o666); err != nil {
		fmt.Println(err)
		return
	}
	r, err := report.Open(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Runs[0].Status.State, r.Runs[0].History.Last().Epoch, r.Runs[0].Missing)
	fmt.Println(r.Save(filepath.Join(dir, "report.html")))
	// Output:
	// interrupted 1 [settings: no file says how it was trained what it was made with, and when: lpq finetune and lpq train do not record it]
	// <nil>
}
