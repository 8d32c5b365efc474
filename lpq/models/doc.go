// Package models has the networks as tables, and Model: a network with weights and a precision, that can be run, calibrated, saved.
//
//	net, err := models.Get("resnet20")
//	m, err := models.New(backend, net, 0)
//	err = m.LoadFile("resnet20.th")
//	err = m.Quantize(scheme)
//	err = m.Calibrate(ctx, trainSet, models.CalibrateOptions{})
//	result, err := m.Evaluate(ctx, testSet, models.EvaluateOptions{})
//
// A network of your own is a Network literal whose Build function uses the layers of package nn; everything else works on it as on the
// zoo's. What is not here: training (package finetune).
package models
