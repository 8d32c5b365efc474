package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUpdate(t *testing.T) {
	for name, test := range map[string]struct{ csv, text, want, error string }{
		"filled": {"a,top1_pct,b\n1,2|3,x\n", "before\n<!-- table t.csv: b top1_pct -->\nold\n<!-- end -->\nafter\n",
			"before\n<!-- table t.csv: b top1_pct -->\n\n| b | top-1 % |\n| --- | --- |\n| x | 2\\|3 |\n\n<!-- end -->\nafter\n", ""},
		"no table":  {"", "text\n", "text\n", ""},
		"no file":   {"", "<!-- table u.csv: a -->\n<!-- end -->", "", "u.csv"},
		"no column": {"a,b\n", "<!-- table t.csv: c -->\n<!-- end -->", "", `no column "c"; it has a b`},
		"no end":    {"a,b\n", "<!-- table t.csv: a -->\n", "", "1 comments begin a table, and 0 are whole"},
		"not CSV":   {"a,b\n1\n", "<!-- table t.csv: a -->\n<!-- end -->", "", "wrong number of fields"},
		"empty":     {"", "<!-- table t.csv: a -->\n<!-- end -->", "", "t.csv"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "README.md")
			for file, content := range map[string]string{path: test.text, filepath.Join(dir, "t.csv"): test.csv} {
				if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			checked := update(path, true)
			if changes := test.want != test.text; changes != (checked != nil) {
				t.Errorf("check: error %v", checked)
			}
			err := update(path, false)
			if test.error != "" {
				if err == nil || !strings.Contains(err.Error(), test.error) {
					t.Errorf("error %v, want %q", err, test.error)
				}
				return
			}
			got, _ := os.ReadFile(path)
			if err != nil || string(got) != test.want {
				t.Errorf("got %q, %v; want %q", got, err, test.want)
			}
			if err := update(path, true); err != nil {
				t.Errorf("check of what was written: %v", err)
			}
		})
	}
}
