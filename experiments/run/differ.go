package run

import "github.com/lowprec/lpnets/internal/differ"

// Differences lists what runs differ in: configuration, environment, result. Figures of single layers are left out.
func Differences(outcomes []Outcome) ([]differ.Difference, error) {
	values := make([]any, len(outcomes))
	for i, o := range outcomes {
		environment, err := o.Environment()
		if err != nil && o.Status.State == Done {
			return nil, err
		}
		o.Result.Layers = nil
		values[i] = map[string]any{"config": o.Config, "environment": environment, "result": o.Result}
	}
	return differ.Of(values...)
}
