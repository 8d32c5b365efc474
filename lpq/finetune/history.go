package finetune

import "github.com/lowprec/lpnets/lpq/models"

// Scores of an evaluation.
type Scores struct {
	Images  int     `json:"images"`
	Top1Pct float64 `json:"top1_pct"`
	Top5Pct float64 `json:"top5_pct"`
	Loss    float64 `json:"loss"` // mean cross entropy, nats
}

func scores(t models.Tally) *Scores {
	return &Scores{Images: t.Images, Top1Pct: t.Top1Pct(), Top5Pct: t.Top5Pct(), Loss: t.Loss()}
}

// EpochMetrics is what one epoch gave: a line of metrics.jsonl.
type EpochMetrics struct {
	Epoch        int     `json:"epoch"` // from 1
	Step         int     `json:"step"`  // done at the end of the epoch
	Rate         float64 `json:"lr"`    // of the last step
	Train        *Scores `json:"train"` // on augmented images, while the weights changed
	Validation   *Scores `json:"validation,omitempty"`
	Test         *Scores `json:"test,omitempty"`
	TrainSeconds float64 `json:"train_s"` // since the start of the epoch or the resumption in it, without evaluation
	ImagesPerSec float64 `json:"images_per_s"`
	LoaderPerSec float64 `json:"loader_images_per_s,omitempty"` // that the loader could give: where it is no more than training's, training waits for it
}

// History has the epochs of a run.
type History []EpochMetrics

// Last is the last epoch, or the zero value.
func (h History) Last() EpochMetrics {
	if len(h) == 0 {
		return EpochMetrics{}
	}
	return h[len(h)-1]
}

// state is where a run is; with the variables it is all that the rest of the run depends on.
type state struct {
	Epoch int `json:"epoch"` // completed
	Batch int `json:"batch"` // completed in the current epoch
	// Tally counts the current epoch's training images.
	Tally models.Tally `json:"tally"`
	Best  best         `json:"best"`
}

// best is the epoch that was judged best, 0 before the first.
type best struct {
	Epoch int     `json:"epoch"`
	Score float64 `json:"score"` // validation top-1, or minus the training loss
}

// nextEpoch moves to the start of the next epoch, and notes whether the one that ends was the best.
func (s *state) nextEpoch(metrics EpochMetrics) {
	score := -metrics.Train.Loss
	if metrics.Validation != nil {
		score = metrics.Validation.Top1Pct
	}
	if s.Best.Epoch == 0 || score > s.Best.Score {
		s.Best = best{Epoch: metrics.Epoch, Score: score}
	}
	*s = state{Epoch: s.Epoch + 1, Best: s.Best}
}
