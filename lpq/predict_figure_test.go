package lpq_test

import (
	"strings"
	"testing"

	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/models"
)

func TestPredictionFigure(t *testing.T) {
	float := lpq.Prediction{Best: []lpq.Guess{{Class: 2, Label: "cat"}, {Class: 0, Label: "dog"}}, Logits: []float32{1, 0, 2}}
	low := lpq.Prediction{Best: []lpq.Guess{{Class: 1, Label: "cup"}}, Logits: []float32{1, 3, 2}}
	for _, c := range []struct {
		name        string
		names       []string
		predictions []lpq.Prediction
		want        string // of the error
		wantSVG     []string
	}{
		// exp(2)/(exp(1)+1+exp(2)) = 66.5 %, exp(3)/(exp(1)+exp(3)+exp(2)) = 66.5 %
		{name: "other first choice", names: []string{"fp32", "w4a4"}, predictions: []lpq.Prediction{float, low}, wantSVG: []string{"fp32", "w4a4", "cat", "dog", "cup", "66.5", "9.0"}},
		{name: "one", names: []string{"fp32"}, predictions: []lpq.Prediction{float}, wantSVG: []string{"cat", "dog", "24.5"}},
		{name: "none", want: "0 names for 0 predictions"},
		{name: "names", names: []string{"fp32"}, predictions: []lpq.Prediction{float, low}, want: "1 names for 2 predictions"},
		{name: "classes", names: []string{"a", "b"}, predictions: []lpq.Prediction{float, {Best: low.Best, Logits: []float32{1}}}, want: "networks of 3 and 1 classes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := lpq.PredictionFigure("picture", c.names, c.predictions)
			if c.want != "" {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("error %v, want %q in it", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			svg, err := f.SVG()
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.wantSVG {
				if !strings.Contains(string(svg), ">"+want+"<") {
					t.Errorf("no %q in the figure", want)
				}
			}
		})
	}
}

func TestAgreement(t *testing.T) {
	a, b := models.Result{Predictions: []int32{1, 2, 3, 4}}, models.Result{Predictions: []int32{1, 0, 3, 4}}
	if same, err := lpq.Agreement(a, b); same != 3 || err != nil {
		t.Errorf("%d, error %v; want 3", same, err)
	}
	if _, err := lpq.Agreement(a, models.Result{}); err == nil || !strings.Contains(err.Error(), "of 4 and of 0 images") {
		t.Errorf("error %v", err)
	}
}
