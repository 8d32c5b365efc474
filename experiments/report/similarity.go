package report

import (
	"fmt"
	"strings"

	"github.com/lowprec/lpnets/experiments"
	"github.com/lowprec/lpnets/experiments/run"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/analysis"
)

// similar is the mean similarity of a kind's weights to those at the start.
type similar struct {
	name   string
	layers []analysis.Layer
}

// similarity has figure and table for each set of layers.
func (r *Report) similarity() (s section, err error) {
	s = section{ID: "similarity", Title: "Similarity of the weights, layer by layer"}
	var order []string
	sets := map[string][]similar{}
	for _, k := range r.kinds {
		layers := k.similarity()
		if layers == nil {
			continue
		}
		key := layersKey(layers)
		if sets[key] == nil {
			order = append(order, key)
		}
		sets[key] = append(sets[key], similar{k.name, layers})
	}
	if len(order) == 0 {
		s.Text = append(s.Text, "No run that was trained has kept how similar its weights are to those at the start.")
	}
	for _, key := range order {
		if err := s.addSimilarity(sets[key]); err != nil {
			return s, err
		}
	}
	return s, nil
}

// layersKey is the same for the same layers.
func layersKey(layers []analysis.Layer) string {
	var b strings.Builder
	for _, l := range layers {
		fmt.Fprintf(&b, "%q %d ", l.Name, l.Size)
	}
	return b.String()
}

// similarity is the mean over the kind's repeats; nil for a network that was not trained, which is what it started from.
func (k *kind) similarity() (mean []analysis.Layer) {
	var n float64
	for _, o := range k.runs {
		layers := o.Result.Layers
		if o.Status.State != run.Done || o.Config.Recipe == nil || len(layers) == 0 || mean != nil && layersKey(mean) != layersKey(layers) {
			continue
		}
		if mean == nil {
			mean = make([]analysis.Layer, len(layers))
		}
		for i, l := range layers {
			sum := mean[i].Cosine * n
			mean[i] = analysis.Layer{Name: l.Name, Size: l.Size, Cosine: (sum + l.Cosine) / (n + 1)}
		}
		n++
	}
	return mean
}

// near is the mean cosine above which a network is drawn for itself: beside one that was trained from a random start, all others look alike.
const near = 0.5

func (s *section) addSimilarity(all []similar) error {
	var every, close []lpq.Comparison
	for _, c := range all {
		comparison := lpq.Comparison{Name: c.name, Layers: c.layers}
		every = append(every, comparison)
		if analysis.MeanCosine(c.layers) > near {
			close = append(close, comparison)
		}
	}
	const title = "Weights against those at the start"
	if err := s.addSimilarityFigure(title, every); err != nil {
		return err
	}
	if len(close) > 0 && len(close) < len(every) {
		if err := s.addSimilarityFigure(title+", without what is far from them", close); err != nil {
			return err
		}
	}
	s.add(&fold{Summary: "Every layer in numbers", Blocks: tables(similarityTable(all))})
	return nil
}

func (s *section) addSimilarityFigure(title string, comparisons []lpq.Comparison) error {
	f, err := newFigure("Cosine similarity of a layer's weights to those that the run started from; 1 is the same direction. Means over seeds.",
		lpq.SimilarityFigure(title, comparisons...))
	if err == nil {
		s.add(f)
	}
	return err
}

func similarityTable(all []similar) *table {
	t := &table{Caption: "Cosine similarity of the weights to those at the start, means over seeds.", Columns: columns("layer", "weights#"), Names: 2}
	mean := cells("mean of the layers", "")
	for _, c := range all {
		t.Columns = append(t.Columns, column{Name: c.name, Number: true})
		mean = append(mean, cells(experiments.Cosine(analysis.MeanCosine(c.layers)))...)
	}
	for i, l := range all[0].layers {
		row := cells(l.Name, count(l.Size))
		for _, c := range all {
			row = append(row, cells(experiments.Cosine(c.layers[i].Cosine))...)
		}
		t.Rows = append(t.Rows, row)
	}
	t.Rows = append(t.Rows, mean)
	return t
}
