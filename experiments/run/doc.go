// Package run has runs as objects: a folder each, with everything that decides a result, everything that it was made with, and the result.
//
//	sets, images, err := run.OpenData(lpq.BuiltIn, models.Network{}, run.Limits{})
//	start, err := run.FromFile(lpq.BuiltIn)
//	recipe, err := finetune.Get("demo8")
//	config := run.Config{Label: "w8a8", Network: "resnet8", Seed: 1, Start: start, Data: images, Recipe: &recipe}
//	sweep := run.Sweep{Dir: "runs/experiments", Runs: []run.Config{config}, Engine: engine, Sets: sets}
//	err = sweep.Run(ctx)
//	outcomes, err := run.Collect(sweep.Dir, sweep.Runs)
//
// A run's folder is named by what decides its result (Config.ID), so a finished run is never repeated: not when a sweep is started again, and not when
// another experiment wants the same run. Sweeps in several processes, on one folder, share the work. A sweep that is killed goes on where it was, and
// ends with the same bits as an unbroken one.
//
// Files of a folder: config.json, environment.json, status.json, metrics.jsonl, steps.csv, TensorBoard's event files, the checkpoints of package finetune,
// measured.json, result.json, predictions.safetensors.
package run
