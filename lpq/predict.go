package lpq

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/data/imagenet"
	"github.com/lowprec/lpnets/lpq/data/raster"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/notebook"
)

// DefaultTop is how many classes Predict lists where nothing else is said.
const DefaultTop = 5

// predictBatch is how many pictures go through a network at a time: few, for the activations' memory.
const predictBatch = 16

// PredictOptions has the settings of Predict; the zero value is ready.
type PredictOptions struct {
	Top    int      // classes to list; 0 means DefaultTop, more than there are means all
	Labels []string // names of the classes; nil means Labels
}

// Prediction is what a network says of a picture.
type Prediction struct {
	File   string    `json:"file"`
	Best   []Guess   `json:"best"`   // the most probable first; of equal ones the lower class
	Logits []float32 `json:"logits"` // of all classes, before the softmax
}

// Guess is a class and how probable the network finds it, in [0, 1].
type Guess struct {
	Class       int     `json:"class"`
	Label       string  `json:"label"`
	Probability float64 `json:"probability"`
}

// Predict runs the model, in its precision, on pictures in JPEG or PNG files.
//
// A network for photographs takes pictures of any size, through its Preprocess. One without, such as those for CIFAR-10, takes pictures of its own size
// only, as they are: how to make a photograph that small is the caller's choice.
//
// It returns an error that names the file if one cannot be read or has another size, and if logits are not finite.
func Predict(ctx context.Context, m *Model, files []string, options PredictOptions) ([]Prediction, error) {
	labels := options.Labels
	if labels == nil {
		labels = Labels(m)
	}
	if len(labels) != m.Network.Classes {
		return nil, errors.Errorf("%d names of classes, network %s has %d classes", len(labels), m.Network.Name, m.Network.Classes)
	}
	progress := notebook.NewProgress(fmt.Sprintf("predict %s %s", m.Network.Name, m.Scheme()))
	defer progress.Close()
	size, classes := m.Network.Input.Size(), m.Network.Classes
	pixels := make([]uint8, min(len(files), predictBatch)*size)
	predictions := make([]Prediction, 0, len(files))
	for batch := range slices.Chunk(files, predictBatch) {
		for i, file := range batch {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			if err := readPicture(m.Network, file, pixels[i*size:(i+1)*size]); err != nil {
				return nil, errors.WithMessagef(err, "picture %s", file)
			}
		}
		logits, err := m.Logits(pixels) // always as many: another number would be compiled anew
		if err != nil {
			return nil, err
		}
		for i, file := range batch {
			row := slices.Clone(logits[i*classes : (i+1)*classes])
			best, err := guesses(row, labels, cmp.Or(options.Top, DefaultTop))
			if err != nil {
				return nil, errors.WithMessagef(err, "picture %s: network %s in %s", file, m.Network.Name, m.Scheme())
			}
			predictions = append(predictions, Prediction{file, best, row})
		}
		progress.Update(len(predictions), len(files), "")
	}
	return predictions, nil
}

// readPicture writes the network's view of the picture in a file to dst.
func readPicture(n models.Network, file string, dst []uint8) error {
	info, err := os.Stat(file) // before it is opened: that would wait for a pipe's other end
	switch {
	case err != nil:
		return errors.WithStack(err)
	case !info.Mode().IsRegular():
		return errors.New("not a regular file")
	case info.Size() > raster.MaxFile:
		return errors.Errorf("%d bytes, more than %d", info.Size(), raster.MaxFile)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return errors.WithStack(err)
	}
	picture, err := raster.Decode(content)
	if err != nil {
		return err
	}
	if n.TakesPhotographs() {
		return n.Preprocess.Apply(dst, picture)
	}
	if got := (data.Shape{Height: picture.Height, Width: picture.Width, Channels: 3}); got != n.Input {
		return errors.Errorf("%dx%d pixels in colour; network %s takes %dx%d in %d channels, as they are: resize the picture first",
			got.Width, got.Height, n.Name, n.Input.Width, n.Input.Height, n.Input.Channels)
	}
	copy(dst, picture.Pix)
	return nil
}

// guesses are the most probable classes by their logits.
func guesses(logits []float32, labels []string, top int) ([]Guess, error) {
	order := make([]int, len(logits))
	for i, x := range logits {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			return nil, errors.Errorf("the logit of class %d (%s) is %v", i, labels[i], x)
		}
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(logits[b], logits[a]) })
	best, probability := []Guess(nil), softmax(logits)
	for _, class := range order[:max(min(top, len(order)), 0)] {
		best = append(best, Guess{class, labels[class], probability[class]})
	}
	return best, nil
}

// softmax turns logits into probabilities.
func softmax(logits []float32) []float64 {
	highest, sum := float64(slices.Max(logits)), 0.0
	probability := make([]float64, len(logits))
	for i, x := range logits {
		probability[i] = math.Exp(float64(x) - highest)
		sum += probability[i]
	}
	for i := range probability {
		probability[i] /= sum
	}
	return probability
}

// cifar10 names CIFAR-10's classes, as its batches.meta.txt does.
var cifar10 = strings.Fields("airplane automobile bird cat deer dog frog horse ship truck")

// Labels names a model's classes: ImageNet's for networks of a thousand classes, those of the built-in images for networks that were trained on them,
// CIFAR-10's for others with ten. Other classes have numbers for names.
func Labels(m *Model) (labels []string) {
	classes := m.Network.Classes
	if all := imagenet.Classes(); classes == len(all) {
		for _, c := range all {
			labels = append(labels, c.Name)
		}
		return labels
	}
	if classes == len(cifar10) && m.Network.Input == (data.Shape{Height: 32, Width: 32, Channels: 3}) {
		if run, _, err := finetune.ReadIdentity(m.Provenance); err == nil && run != nil && strings.HasPrefix(run.Data, "synthetic/") {
			set, _ := data.Synthetic(0, 0, 0)
			return set.Classes()
		}
		return slices.Clone(cifar10)
	}
	for i := range classes {
		labels = append(labels, fmt.Sprintf("class %d", i))
	}
	return labels
}
