// Package notebook shows results where the code runs: figures, tables and progress as rich outputs in a Jupyter cell (Go
// kernel GoNB), as plain text in a terminal. It is meant for the last lines of a cell or an example:
//
//	net := notebook.Must(load("resnet20.th"))
//	progress := notebook.NewProgress("evaluate")
//	for i := range numBatches {
//		...
//		progress.Update(i+1, numBatches, fmt.Sprintf("top-1 %.2f %%", top1))
//	}
//	progress.Close()
//	notebook.Table([]string{"network", "top-1, %"}, [][]string{{"fp32", "91.73"}, {"W4A4", "91.20"}})
//	notebook.Show(plot.Similarity("weights", layers, plot.Series{Name: "W4A4", Y: cosines}))
//
// Like the code of a cell, these functions return no errors: where something cannot be shown they print one line to
// standard error and end the process with code 1, which marks the cell as failed ([Must] and [Check] do the same for
// the caller's errors). Libraries should return figures and errors instead.
//
// Every function returns only after the notebook has received what was shown, so that nothing is lost when the cell
// ends. Text that a cell prints to standard output travels another way and may arrive later than what is shown after it.
package notebook
