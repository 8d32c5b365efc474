// Package tensorboard writes event files, which TensorBoard shows as curves while a training goes on.
//
//	w, err := tensorboard.Create("runs/w4a4")
//	defer w.Close()
//	err = w.Scalars(step, tensorboard.Scalar{Tag: "train/loss", Value: 0.42}, tensorboard.Scalar{Tag: "lr", Value: 1e-3})
//
// Each process writes a file of its own into the folder; TensorBoard reads them in the order of their names, which is that of time. A process that goes
// on with a run says so with Restart, and the steps that come again replace those that were there.
//
// An event file is a sequence of records in TFRecord framing, each an Event protocol buffer [1]. What is not here: images, histograms, graphs.
//
// [1] https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto and summary.proto
package tensorboard
