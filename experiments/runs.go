package experiments

import "github.com/lowprec/lpnets/experiments/run"

// RunsTable has a row for each run that is done, for machines.
func RunsTable(outcomes []run.Outcome) (Table, error) {
	t := Table{Name: "runs", Columns: []string{"run", "network", "label", "precision", "seed", "start", "train_images", "images",
		"epochs", "batch", "lr", "lr_end", "weight_decay", "top1_pct", "top5_pct", "loss", "validation_top1_pct", "mean_cosine", "size_bytes", "device", "git_commit"}}
	for _, o := range outcomes {
		if o.Status.State != run.Done {
			continue
		}
		environment, err := o.Environment()
		if err != nil {
			return t, err
		}
		c, r := o.Config, o.Result
		recipe := []any{nil, nil, nil, nil, nil}
		if c.Recipe != nil {
			recipe = []any{c.Recipe.Epochs, c.Recipe.Batch, c.Recipe.Rate.Start, c.Recipe.Rate.Last(), c.Recipe.WeightDecay}
		}
		var validation any
		if r.Validation != nil {
			validation = Points(r.Validation.Top1Pct)
		}
		row := []any{c.ID(), c.Network, c.Label, c.Precision(), c.Seed, c.Start.String(), c.Data.Train, r.Images}
		row = append(row, recipe...)
		t.Add(append(row, Points(r.Top1Pct), Points(r.Top5Pct), r.Loss, validation, Cosine(r.MeanCosine), r.SizeBytes, environment.Device, environment.Revision)...)
	}
	return t, nil
}
