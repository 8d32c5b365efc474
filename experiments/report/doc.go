// Package report makes one HTML file about runs: what they came to, how sure the differences between them are, how they were trained, how close their
// weights stayed, their ranges and exponents, settings and environment.
//
//	r, err := report.Open("experiments/archive/resnet20-baseline-s1-1b30501b", "experiments/archive/resnet20-w4a4-s1-02f22842")
//	err = r.Save("report.html")
//
// The file stands alone: no network, no script, figures are inline SVG. The same runs give the same bytes. Runs are folders of package run, or those
// that lpq finetune and lpq train leave; of these less is known, and the report says what. No engine is needed: exponents of activations are read from
// the network's file, those of weights follow from the weights.
//
// What is not here: an experiment's own tables and figures (package experiments).
package report
