// Package differ says in which fields values differ: configurations of runs, for instance.
package differ

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// Difference is a field in which values differ: recipe.rate.start for instance, with what each of them has there as text, empty where it is not
// set.
type Difference struct {
	Field  string   `json:"field"`
	Values []string `json:"values"`
}

// Of lists the fields in which values differ when they are written as JSON objects, in the order of the fields' names.
func Of(values ...any) ([]Difference, error) {
	flat := make([]map[string]string, len(values))
	fields := map[string]bool{}
	for i, value := range values {
		var err error
		if flat[i], err = flatten(value); err != nil {
			return nil, err
		}
		for field := range flat[i] {
			fields[field] = true
		}
	}
	var differences []Difference
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		d := Difference{Field: field}
		for i := range flat {
			d.Values = append(d.Values, flat[i][field])
		}
		if len(slices.Compact(slices.Clone(d.Values))) > 1 {
			differences = append(differences, d)
		}
	}
	return differences, nil
}

// Sentence says, of two values, what each has where they differ: "seed is 1 there and 2 here, label is none there and w4a4 here".
func Sentence(differences []Difference) string {
	texts := make([]string, len(differences))
	for i, d := range differences {
		texts[i] = fmt.Sprintf("%s is %s there and %s here", d.Field, orNone(d.Values[0]), orNone(d.Values[1]))
	}
	return strings.Join(texts, ", ")
}

// orNone shortens what is shown of a value: a hash is recognized by its beginning.
func orNone(value string) string {
	const shown = 24
	switch {
	case value == "":
		return "none"
	case len(value) > shown:
		return value[:shown] + "..."
	}
	return value
}

// flatten turns nested JSON objects into one level, recipe.seed for instance, with values as text.
func flatten(value any) (map[string]string, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return nil, errors.Wrap(err, "comparing")
	}
	var tree map[string]any
	if err := json.Unmarshal(text, &tree); err != nil {
		return nil, errors.Wrap(err, "comparing")
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
