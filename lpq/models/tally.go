package models

import (
	"math"
	"slices"

	"github.com/pkg/errors"
)

// topK is the k of the second accuracy.
const topK = 5

// Tally counts what a network said of labelled images. The zero value has counted none.
type Tally struct {
	Images  int     `json:"images"`
	Top1    int     `json:"top1"`     // images whose label is the best guess
	Top5    int     `json:"top5"`     // images whose label is among the five best
	LossSum float64 `json:"loss_sum"` // cross entropy, nats
}

// Top1Pct is the share of right best guesses, in percent.
func (t Tally) Top1Pct() float64 { return 100 * float64(t.Top1) / float64(max(t.Images, 1)) }

// Top5Pct is the share of images whose label is among the five best guesses, in percent.
func (t Tally) Top5Pct() float64 { return 100 * float64(t.Top5) / float64(max(t.Images, 1)) }

// Loss is the mean cross entropy, in nats.
func (t Tally) Loss() float64 { return t.LossSum / float64(max(t.Images, 1)) }

// Since is what was counted since the tally was as before.
func (t Tally) Since(before Tally) Tally {
	return Tally{t.Images - before.Images, t.Top1 - before.Top1, t.Top5 - before.Top5, t.LossSum - before.LossSum}
}

// Add counts a batch and returns its best guesses: logits are [len(labels), classes], flat. Of equal logits the lower class comes first.
//
// It returns an error, and t is of no more use, for a label that is not a class, or a loss that is not finite.
func (t *Tally) Add(logits []float32, labels []int32) (predictions []int32, err error) {
	classes := len(logits) / max(len(labels), 1)
	predictions = make([]int32, len(labels))
	for i, label := range labels {
		row := logits[i*classes : (i+1)*classes]
		if label < 0 || int(label) >= classes {
			return nil, errors.Errorf("image %d has label %d; the network has %d classes", t.Images, label, classes)
		}
		loss := crossEntropy(row, label)
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return nil, errors.Errorf("the loss of image %d is not finite", t.Images)
		}
		predictions[i] = int32(argMax(row))
		better := numBetter(row, label)
		t.Images++
		t.LossSum += loss
		if better == 0 {
			t.Top1++
		}
		if better < topK {
			t.Top5++
		}
	}
	return predictions, nil
}

// argMax is the first index of the largest value.
func argMax(row []float32) (best int) {
	for j, x := range row {
		if x > row[best] {
			best = j
		}
	}
	return best
}

// numBetter is how many classes come before the label's.
func numBetter(row []float32, label int32) (n int) {
	for j, x := range row {
		if x > row[label] || x == row[label] && j < int(label) {
			n++
		}
	}
	return n
}

// crossEntropy is -log(softmax(row)[label]), in nats.
func crossEntropy(row []float32, label int32) float64 {
	highest := float64(slices.Max(row))
	var sum float64
	for _, x := range row {
		sum += math.Exp(float64(x) - highest)
	}
	return math.Log(sum) + highest - float64(row[label])
}
