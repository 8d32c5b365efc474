package run

import (
	"testing"
)

// A run that is resumed elsewhere says where it was before.
func TestEnvironmentsAreKept(t *testing.T) {
	dir := t.TempDir()
	for i, test := range []struct {
		cpu    string
		before []string
	}{{"a", nil}, {"a", nil}, {"b", []string{"a"}}, {"b", []string{"a"}}, {"a", []string{"a", "b"}}} {
		if err := (Environment{CPU: test.cpu, Cores: 2}).record(dir); err != nil {
			t.Fatal(err)
		}
		got, err := Outcome{Dir: dir}.Environment()
		if err != nil {
			t.Fatal(err)
		}
		if got.CPU != test.cpu || len(got.Before) != len(test.before) {
			t.Fatalf("attempt %d on %s: got %+v", i, test.cpu, got)
		}
		for j, cpu := range test.before {
			if got.Before[j].CPU != cpu || got.Before[j].Before != nil {
				t.Errorf("attempt %d on %s: got %+v", i, test.cpu, got)
			}
		}
	}
}
