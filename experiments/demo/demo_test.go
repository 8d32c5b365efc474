package demo_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/experiments/demo"
	"github.com/lowprec/lpnets/internal/testbackend"
)

// envAll, set, has TestRun train on all images, as the command does:
//
//	LPQ_TEST_ALL=1 go test ./experiments/demo
const envAll = "LPQ_TEST_ALL"

// TestRun checks what the demonstration is to show: 4 bits fail without fine-tuning and come close with it, and the weights hardly move.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("trains for a minute")
	}
	options, near := demo.Options{Dir: t.TempDir(), Seed: 1}, 1. // points
	if os.Getenv(envAll) == "" {
		options.Images, near = 4000, 2.5
	}
	report, err := demo.Run(context.Background(), testbackend.XLA(t), options)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]demo.Row{}
	for _, row := range report.Rows {
		rows[row.Precision+" "+row.Stage] = row
	}
	float := rows["fp32 "+demo.Pretrained]
	if float.Top1Pct < 95 || float.MeanCosine < 0.999999 {
		t.Errorf("the pretrained network: %+v", float)
	}
	if lost := float.Top1Pct - rows["w4a4 "+demo.QuantizedPaper].Top1Pct; lost < 5 {
		t.Errorf("4 bits without fine-tuning lose %.2f points, want a visible loss, 5 at least", lost)
	}
	if gained := rows["w4a4 "+demo.FineTuned].Top1Pct - rows["w4a4 "+demo.Quantized].Top1Pct; gained < 0.5 {
		t.Errorf("fine-tuning gains %.2f points at 4 bits, want half a point at least", gained)
	}
	for _, precision := range []string{"w8a8", "w4a4"} {
		row, ok := rows[precision+" "+demo.FineTuned]
		if !ok || float.Top1Pct-row.Top1Pct > near {
			t.Errorf("%s after fine-tuning: %+v, want within %.1f points of %.2f", precision, row, near, float.Top1Pct)
		}
		if row.MeanCosine < 0.97 || row.SizeBytes >= float.SizeBytes/3 {
			t.Errorf("%s after fine-tuning: %+v, want weights close by and a third of the size", precision, row)
		}
	}
	if len(report.Figures) != 2 {
		t.Errorf("figures %v, want two", report.Figures)
	}
	for _, path := range report.Figures {
		if info, err := os.Stat(path); err != nil || info.Size() < 1000 {
			t.Errorf("figure %s: %v, %v", path, info, err)
		}
	}
	var table bytes.Buffer
	report.Print(&table)
	if !strings.Contains(table.String(), "mean cosine") || strings.Count(table.String(), "w4a4") != 3 {
		t.Errorf("table:\n%s", table.String())
	}
}

func TestImages(t *testing.T) {
	for _, images := range []int{-1, 10001} {
		if _, err := demo.Run(t.Context(), testbackend.XLA(t), demo.Options{Dir: t.TempDir(), Images: images}); err == nil || !strings.Contains(err.Error(), "there are 10000") {
			t.Errorf("%d images: error %v", images, err)
		}
	}
}
