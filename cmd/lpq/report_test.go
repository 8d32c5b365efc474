package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// begun makes the folder of a training that has ended its first epoch.
func begun(t *testing.T) string {
	t.Helper()
	const metrics = `{"epoch":1,"step":10,"lr":0.01,"train":{"images":100,"top1_pct":90,"top5_pct":99,"loss":0.25},"train_s":1,"images_per_s":100}` + "\n"
	return filepath.Dir(file(t, "metrics.jsonl", []byte(metrics)))
}

func TestReport(t *testing.T) {
	t.Parallel()
	dir, out := begun(t), filepath.Join(t.TempDir(), "report.html")
	text := succeed(t, "report", dir, "--out", out)
	for _, want := range []string{"interrupted", "report  " + out} {
		if !strings.Contains(text, want) {
			t.Errorf("got\n%swant %q in it", text, want)
		}
	}
	page := string(read(t, out))
	if !strings.HasPrefix(page, "<!DOCTYPE html>") || !strings.Contains(page, "cross entropy (nats)") {
		t.Errorf("got the page\n%.300s", page)
	}
	var result struct {
		File  string
		Bytes int
		Runs  []struct{ Name, Folder, State, Reason string }
	}
	if err := json.Unmarshal([]byte(succeed(t, "report", dir, "--out", out, "--json")), &result); err != nil {
		t.Fatal(err)
	}
	if result.File != out || result.Bytes != len(page) || len(result.Runs) != 1 || result.Runs[0].State != "interrupted" || result.Runs[0].Folder == "" {
		t.Errorf("as JSON: %+v", result)
	}
}

func TestReportRefuses(t *testing.T) {
	damaged := begun(t)
	if err := os.WriteFile(filepath.Join(damaged, "final.safetensors"), []byte("not a network"), 0o666); err != nil {
		t.Fatal(err)
	}
	refuse(t, []refusal{
		{name: "no run", args: []string{"report"}, want: []string{"want the folders of one or more runs", "lpq report --help"}},
		{name: "missing", args: []string{"report", "no-such-folder"}, want: []string{"no-such-folder", "no such file"}},
		{name: "not a run", args: []string{"report", t.TempDir()}, want: []string{"is not the folder of a run"}},
		{name: "damaged", args: []string{"report", damaged}, want: []string{"final.safetensors", "neither PyTorch nor safetensors"}},
		{name: "to a folder", args: []string{"report", begun(t), "--out", t.TempDir()}, want: []string{"--out", "it is a folder"}},
		{name: "no place", args: []string{"report", begun(t), "--out", "no-such-folder/report.html"}, want: []string{"--out", "there is no folder no-such-folder"}},
	})
}
