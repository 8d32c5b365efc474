// Package similarity shows how close the weights of low-precision networks stay to the fp32 ones: cosine similarity, layer by layer, with a network trained
// from a random start as the control.
//
//	plan, err := similarity.Experiment.Open(experiments.Options{Preset: "demo"})
package similarity
