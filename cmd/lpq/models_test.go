package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/lpq/models"
)

// All networks are listed, without a plugin.
func TestModels(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	cmd := command("models", "--json")
	cmd.Env = append(cmd.Env, "HOME="+empty, "XDG_CACHE_HOME="+empty, "PJRT_PLUGIN_LIBRARY_PATH="+empty)
	got := run(t, cmd)
	var rows []modelRow
	if err := json.Unmarshal([]byte(got.stdout), &rows); err != nil {
		t.Fatalf("%v in\n%s%s", err, got.stdout, got.stderr)
	}
	byName := map[string]modelRow{}
	for _, row := range rows {
		byName[row.Name] = row
		if row.SizeBytes["fp32"] < 3*row.SizeBytes["w8a8"] || row.SizeBytes["w8a8"] < row.SizeBytes["w4a4"] || row.MultiplyAdds < row.Parameters {
			t.Errorf("%+v", row)
		}
	}
	if len(byName) != len(models.Names()) {
		t.Errorf("%d networks, want %d", len(byName), len(models.Names()))
	}
	// The file of torchvision's ResNet-18 has 11,689,512 parameters and 9,600 running statistics.
	if r := byName["resnet18"]; r.Parameters != 11_689_512 || r.SizeBytes["fp32"] != 4*(11_689_512+9_600) || r.Input != "224x224x3" || r.Preprocess != "256/224 bilinear" || r.Classes != 1000 {
		t.Errorf("%+v", r)
	}
	// As torchvision states them; nobody publishes weights of resnet8.
	if p := byName["resnet18"].Published; p == nil || p.Top1Pct != 69.758 || p.Top5Pct != 89.078 || byName["resnet8"].Published != nil {
		t.Errorf("published: %+v of resnet18, %+v of resnet8", p, byName["resnet8"].Published)
	}
	text := succeed(t, "models")
	if n := strings.Count(text, "\n"); n != len(rows)+1 || !strings.Contains(text, "\ninception_v3  ") {
		t.Errorf("%d lines, want a header and %d networks:\n%s", n, len(rows), text)
	}
}
