package nn

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// auxiliary is the result of an auxiliary classifier.
type auxiliary struct {
	path   string // of its scope
	logits *Node
	weight float64
}

// Auxiliary adds a second classifier that only helps training: build makes its logits [batch, classes] of x, and Run.Loss adds their cross
// entropy with this weight to the network's. It is built in graphs that train and have a Run, and nowhere else. It stays float in every precision, and no
// Probe hears of it, for it is not part of what is deployed.
func Auxiliary(scope *model.Scope, x *Node, weight float64, build func(scope *model.Scope, x *Node) *Node) {
	g := x.Graph()
	run, attached := g.State(runKey{}).(*Run)
	if !attached || !scope.IsTraining(g) {
		return
	}
	float := &Run{StatisticsMomentum: run.StatisticsMomentum, Input: run.Input}
	float.Attach(g)
	logits := build(scope, x)
	run.auxiliaries = append(run.auxiliaries, auxiliary{scope.Scope(), logits, weight})
	run.Attach(g)
}

// Loss is what training minimizes: CrossEntropy of the network's logits, and of the logits of its auxiliary classifiers with their weights.
func (r *Run) Loss(logits, labels *Node) *Node {
	loss := CrossEntropy(logits, labels)
	for _, a := range r.auxiliaries {
		loss = Add(loss, MulScalar(CrossEntropy(a.logits, labels), a.weight))
	}
	return loss
}

// AuxiliaryPaths lists the scopes of the auxiliary classifiers that were built: what lies below them, only training needs.
func (r *Run) AuxiliaryPaths() (paths []string) {
	for _, a := range r.auxiliaries {
		paths = append(paths, a.path)
	}
	return paths
}
