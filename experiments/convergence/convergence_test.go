package convergence_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/convergence"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/experiments/similarity"
	"github.com/lowprec/lpnets/internal/testruns"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/optim"
	"github.com/lowprec/lpnets/lpq/quant"
)

// material is that of a preset, with one network.
func material(t *testing.T, preset string) experiments.Material {
	t.Helper()
	p, err := convergence.Experiment.Preset(preset)
	if err != nil {
		t.Fatal(err)
	}
	return experiments.Material{Preset: p, Seeds: []uint64{1}, Networks: []experiments.Network{{Name: "resnet8", Start: run.Start{SHA256: "00"}}}}
}

func TestPlan(t *testing.T) {
	for _, preset := range []string{"demo", "cifar10", "imagenet"} {
		m := material(t, preset)
		runs := convergence.Experiment.Plan(m)
		if want := 1 + 2 + 2*(1+3); len(runs) != want {
			t.Fatalf("%d runs, want %d: baseline, solutions, and for each start what measures it and three batch sizes", len(runs), want)
		}
		ids, epochs := testruns.CheckPlan(t, runs), 0
		for _, c := range runs {
			if c.Recipe == nil || c.Measure == nil {
				continue
			}
			epochs += c.Recipe.Epochs
			scheme, err := c.Recipe.Precision()
			if err != nil || scheme.String() != "w4a4" || scheme.WeightRule != quant.RuleMSE || c.Recipe.Rate.Kind != optim.Constant {
				t.Errorf("%s: %+v, rule %s at a %s rate; want w4a4 by mse at a constant one", c.Label, scheme, scheme.WeightRule, c.Recipe.Rate.Kind)
			}
			if random := strings.HasPrefix(c.Label, "random"); random != (c.Start == run.Start{}) || random != (c.Seed == 101) {
				t.Errorf("%s starts from %s with seed %d", c.Label, c.Start, c.Seed)
			}
		}
		if epochs != 18 {
			t.Errorf("%d epochs at a constant rate, want 18", epochs)
		}
		// The solutions are runs of another experiment: not to be done again.
		for _, c := range similarity.Experiment.Plan(m) {
			if shared := c.Label == "baseline" || c.Label == "w4a4-mse" || c.Label == "scratch"; shared != ids[c.ID()] {
				t.Errorf("run %s of similarity: shared = %v", c.ID(), !shared)
			}
		}
	}
}

// curve says how the loss of a fake run falls: it is the first value until a step, and then the second.
type curve struct {
	before float64
	until  int
	after  float64
}

// losses are those of the fake runs, by label. All have 40 steps.
var losses = map[string]curve{
	"pretrained-b32": {0.3, 0, 0.3}, "pretrained-b64": {0.6, 10, 0.3}, "pretrained-b128": {0.6, 8, 0.3},
	"random-b32": {2.2, 30, 0.3}, "random-b64": {2.2, 40, 0}, "random-b128": {2.2, 29, 0.3},
}

// fake writes folders of runs that are done, without training.
func fake(t *testing.T, runs []run.Config) (outcomes []run.Outcome) {
	t.Helper()
	dir := t.TempDir()
	for _, c := range runs {
		// The solution of the pretrained start is at a distance of 1, and that of the random one of 3.
		squared := map[string]float64{"w4a4-mse": 1, "scratch": 9, "pretrained-b64": 0.25}[c.Label]
		o := run.Outcome{Config: c, Dir: filepath.Join(dir, c.ID()), Status: run.Status{State: run.Done},
			Result: run.Result{Scores: finetune.Scores{Top1Pct: 90}, SquaredDistance: squared}}
		if err := os.Mkdir(o.Dir, 0o777); err != nil {
			t.Fatal(err)
		}
		write(t, o, run.MeasuredFile, measured(t, c))
		if curve, ok := losses[c.Label]; ok {
			text := "step,loss,top1_pct\n"
			for step := 1; step <= 40; step++ {
				loss := curve.after
				if step <= curve.until {
					loss = curve.before
				}
				text += string(encode(t, step)) + "," + string(encode(t, loss)) + ",50\n"
			}
			write(t, o, run.StepsFile, []byte(text))
		}
		outcomes = append(outcomes, o)
	}
	return outcomes
}

// measured has a variance of 64/batch at the start and the double at the end, and curvatures of which -2 is the largest.
func measured(t *testing.T, c run.Config) []byte {
	t.Helper()
	type variance struct {
		Batch    int     `json:"batch"`
		Variance float64 `json:"variance"`
	}
	content := map[string]any{}
	if c.Recipe == nil {
		content["variances"] = []variance{{32, 2}, {64, 1}, {128, 0.5}}
		content["curvature"] = map[string]any{"value": map[bool]float64{true: -2, false: 1.5}[c.Label == "random-start"]}
	} else {
		content["variances"] = []variance{{c.Recipe.Batch, 128 / float64(c.Recipe.Batch)}}
	}
	return encode(t, content)
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func write(t *testing.T, o run.Outcome, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(o.Dir, name), content, 0o666); err != nil {
		t.Fatal(err)
	}
}

// Every number of the report, by hand. The window is a quarter of 40 steps.
func TestReport(t *testing.T) {
	outcomes := fake(t, convergence.Experiment.Plan(material(t, "demo")))
	r, err := convergence.Experiment.Report(outcomes)
	if err != nil {
		t.Fatal(err)
	}
	text := map[string]string{}
	for _, table := range r.Tables {
		csv, err := table.CSV()
		if err != nil {
			t.Fatal(err)
		}
		text[table.Name] = string(csv)
	}
	for name, want := range map[string][]string{
		"convergence": {
			"network,start,batch,seed,steps,squared_distance,solution_top1_pct,squared_way,variance_start,variance_end,smoothness,window\n",
			"resnet8,pretrained,64,1,40,1,90.00,0.25,1,2,2,10\n", // moved by 0.5
			"resnet8,random,32,1,40,9,90.00,0,2,4,2,10\n",
		},
		// Ten steps of which n have 0.3 and the others 2.2 have a mean below 2 if n > 1.05, below 0.35 if n > 9.7. Where the others have 0.6, it is below 0.5 if
		// n > 3.3, below 0.35 if n > 8.3. At 2.4 nats all are below.
		"iterations": {
			"seed,to_2_nats,to_1.4_nats,to_1_nats,", "resnet8,random,32,1,32,35,37,38,39,40,484\n", "resnet8,random,64,1,> 40,> 40,",
			"resnet8,pretrained,64,1,≤ 10,≤ 10,≤ 10,≤ 10,14,19,16\n",     // (2 + 2*1)^2
			"resnet8,pretrained,32,1,≤ 10,≤ 10,≤ 10,≤ 10,≤ 10,≤ 10,36\n", // (4 + 2*1)^2
		},
		"levels": {
			"resnet8,random,128,1,2,90.2,31,yes,40\n",  // ((1 + 2*9)/2)^2 = 90.25
			"resnet8,random,64,1,2,100,,no,40\n",       // ((2 + 2*9)/2)^2
			"resnet8,pretrained,64,1,0.35,131,19,yes,", // (4/0.35)^2 = 130.6
		},
	} {
		for _, w := range want {
			if !strings.Contains(text[name], w) {
				t.Errorf("table %s has no %q:\n%s", name, w, text[name])
			}
		}
	}
	for _, want := range []string{
		"Order of the starts, at the same batch size and loss: observed as the bound has it in 18 of 18 comparisons. ",
		"By the bound the slower one takes 13.4 to 40.1 times the iterations; measured, where both reached the loss on their way, 2.29 to 3.17 times.", // 484/36, 361/9; 39/17, 38/12
		"Contradicted: to 0.5 nats pretrained, batch 64 took 14 steps, and pretrained, batch 32 ≤ 10; ", "; and 5 more.",
	} {
		if notes := strings.Join(r.Notes, "\n"); !strings.Contains(notes, want) {
			t.Errorf("notes have no %q:\n%s", want, notes)
		}
	}
	if len(r.Figures) != 2 {
		t.Errorf("%d figures, want loss and bound", len(r.Figures))
	}
	for _, f := range r.Figures {
		if _, err := f.Figure.SVG(); err != nil {
			t.Error(err)
		}
	}
}

// What is not done is passed over: all of it, or a solution and so its start.
func TestReportOfAPart(t *testing.T) {
	if r, err := convergence.Experiment.Report(nil); err != nil || len(r.Tables) != 3 || len(r.Tables[0].Rows) != 0 || len(r.Figures) != 0 {
		t.Errorf("nothing done: %+v, error %v", r, err)
	}
	outcomes := fake(t, convergence.Experiment.Plan(material(t, "demo")))
	for i, o := range outcomes {
		if o.Config.Label == "scratch" || o.Config.Label == "pretrained-b128" {
			outcomes[i].Status.State = run.Failed
		}
	}
	r, err := convergence.Experiment.Report(outcomes)
	if err != nil || len(r.Tables[0].Rows) != 2 {
		t.Errorf("without a solution and a run: %+v, error %v; want the other two runs", r.Tables, err)
	}
	if notes := strings.Join(r.Notes, "\n"); !strings.Contains(notes, "Order of the starts, at the same batch size and loss: no comparison tells") {
		t.Errorf("notes: %s", notes)
	}
	for _, o := range outcomes {
		if o.Config.Label == "pretrained-b32" {
			write(t, o, run.StepsFile, []byte("step,loss,top1_pct\n2,1,1\n"))
		}
	}
	if _, err := convergence.Experiment.Report(outcomes); err == nil || !strings.Contains(err.Error(), run.StepsFile) {
		t.Errorf("steps are missing: error %v", err)
	}
}
