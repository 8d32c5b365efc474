package optim

import (
	"math"

	"github.com/pkg/errors"
)

// Kind of a learning rate schedule.
type Kind string

const (
	// Constant keeps Start.
	Constant Kind = "constant"
	// Exponential falls from Start towards End by the same factor at every step.
	Exponential Kind = "exponential"
	// ExponentialEpochs falls from Start towards End by the same factor after every epoch, as in the paper.
	ExponentialEpochs Kind = "exponential_epochs"
	// Step falls from Start to End in three steps of the same factor, after 1/4, 1/2 and 3/4 of the training.
	Step Kind = "step"
	// Cosine falls from Start to End along half a cosine.
	Cosine Kind = "cosine"
	// OneCycle rises from a small part of Start to Start in the first fifth of the training, then falls to End along half a cosine: for
	// random starts, which large rates upset.
	OneCycle Kind = "one_cycle"
)

// Kinds are all of them.
var Kinds = []Kind{Constant, Exponential, ExponentialEpochs, Step, Cosine, OneCycle}

// The rise of OneCycle.
const (
	riseShare = 0.2
	riseFrom  = 1. / 25 // of Start
)

// Schedule is the learning rate as a function of the step.
type Schedule struct {
	Kind  Kind    `json:"kind"`
	Start float64 `json:"start"`
	End   float64 `json:"end,omitempty"` // not used by Constant
}

// Validate returns an error that names the field that is out of range.
func (s Schedule) Validate() error {
	switch s.Kind {
	case Constant:
		if math.IsNaN(s.End) || math.IsInf(s.End, 0) {
			return errors.Errorf("optim: %s schedule that ends at %v; want a number, which is not used", s.Kind, s.End)
		}
	case Exponential, ExponentialEpochs, Step, Cosine, OneCycle:
		if !(s.End > 0) || math.IsInf(s.End, 0) {
			return errors.Errorf("optim: %s schedule that ends at %v; want a positive rate", s.Kind, s.End)
		}
	default:
		return errors.Errorf("optim: no schedule %q; there are %q", s.Kind, Kinds)
	}
	if !(s.Start > 0) || math.IsInf(s.Start, 0) {
		return errors.Errorf("optim: schedule that starts at %v; want a positive rate", s.Start)
	}
	return nil
}

// Last is the learning rate that a training ends with, or comes near to: Start where it is constant.
func (s Schedule) Last() float64 {
	if s.Kind == Constant {
		return s.Start
	}
	return s.End
}

// Rate is the learning rate of a step (from 0) of a training of so many epochs.
func (s Schedule) Rate(step, stepsPerEpoch, epochs int) float64 {
	done := float64(step) / float64(stepsPerEpoch*epochs) // share of the training
	switch s.Kind {
	case ExponentialEpochs:
		done = float64(step/stepsPerEpoch) / float64(epochs)
	case Step:
		done = min(math.Floor(done*4), 3) / 3
	case Cosine:
		return s.cosine(done)
	case OneCycle:
		if done < riseShare {
			return s.Start * (riseFrom + (1-riseFrom)*done/riseShare)
		}
		return s.cosine((done - riseShare) / (1 - riseShare))
	case Constant:
		return s.Start
	}
	return s.Start * math.Pow(s.End/s.Start, done)
}

// cosine goes from Start to End along half a cosine.
func (s Schedule) cosine(done float64) float64 {
	return s.End + (s.Start-s.End)*(1+math.Cos(math.Pi*done))/2
}
