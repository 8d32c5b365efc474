// Package experiments turns each claim of the paper into something that anyone can run, small or in full: an Experiment says which runs it takes and
// which tables and figures follow from them.
//
//	e, err := all.Get("table1")
//	plan, err := e.Open(experiments.Options{Preset: "demo"})
//	err = plan.Run(ctx, engine, "runs/experiments", nil)
//	report, err := plan.Write("runs/experiments", "experiments/table1/results/demo")
//
// In a notebook's cell Watch shows how the runs go and Report what they gave; Folders, Files and Model find single runs, and ReadResults shows what Write
// has written.
//
// Package run has the runs, a folder for each experiment its definition and results, and package all the list of them. What is not here: the
// method itself (packages below lpq).
package experiments
