package run

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/pkg/errors"
)

// Difference is a field in which runs differ: recipe.rate.start for instance, with its value in each of them, empty where it is not set.
type Difference struct {
	Field  string   `json:"field"`
	Values []string `json:"values"`
}

// Differences lists what runs differ in: configuration, environment, result. Figures of single layers are left out.
func Differences(outcomes []Outcome) ([]Difference, error) {
	flat := make([]map[string]string, len(outcomes))
	all := map[string]bool{}
	for i, o := range outcomes {
		environment, err := o.Environment()
		if err != nil && o.Status.State == Done {
			return nil, err
		}
		o.Result.Layers = nil
		if flat[i], err = flatten(map[string]any{"config": o.Config, "environment": environment, "result": o.Result}); err != nil {
			return nil, err
		}
		for key := range flat[i] {
			all[key] = true
		}
	}
	var differences []Difference
	for _, key := range slices.Sorted(maps.Keys(all)) {
		d := Difference{Field: key}
		for i := range flat {
			d.Values = append(d.Values, flat[i][key])
		}
		if len(slices.Compact(slices.Clone(d.Values))) > 1 {
			differences = append(differences, d)
		}
	}
	return differences, nil
}

// flatten turns nested JSON objects into one level, config.seed for instance, with values as text.
func flatten(value any) (map[string]string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, errors.Wrap(err, "comparing runs")
	}
	var tree map[string]any
	if err := json.Unmarshal(text, &tree); err != nil {
		return nil, errors.Wrap(err, "comparing runs")
	}
	flat := map[string]string{}
	var walk func(prefix string, node map[string]any)
	walk = func(prefix string, node map[string]any) {
		for key, value := range node {
			switch child := value.(type) {
			case map[string]any:
				walk(prefix+key+".", child)
			case nil:
			default:
				flat[prefix+key] = fmt.Sprint(value)
			}
		}
	}
	walk("", tree)
	return flat, nil
}
