package differ_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lowprec/lpnets/internal/differ"
)

func TestOf(t *testing.T) {
	type inner struct {
		Start float64 `json:"start"`
		Name  string  `json:"name,omitempty"`
	}
	type outer struct {
		Seed int   `json:"seed"`
		Rate inner `json:"rate"`
	}
	got, err := differ.Of(outer{1, inner{0.5, "a"}}, outer{1, inner{0.25, ""}})
	if err != nil {
		t.Fatal(err)
	}
	want := []differ.Difference{{Field: "rate.name", Values: []string{"a", ""}}, {Field: "rate.start", Values: []string{"0.5", "0.25"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	const sentence = "rate.name is a there and none here, rate.start is 0.5 there and 0.25 here"
	if said := differ.Sentence(got); said != sentence {
		t.Errorf("said %q, want %q", said, sentence)
	}
	if same, err := differ.Of(outer{Seed: 3}, outer{Seed: 3}); err != nil || len(same) != 0 {
		t.Errorf("the same value differs in %v, %v", same, err)
	}
	for name, broken := range map[string]any{"not a number": inner{Start: math.NaN()}, "no object": 3} {
		if _, err := differ.Of(broken); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
