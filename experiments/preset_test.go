package experiments_test

import (
	"testing"

	"github.com/lowprec/lpnets/experiments"
)

// The paper halves the weight decay of its 4-bit ResNet-18, and of no other network.
func TestExceptions(t *testing.T) {
	for network, want := range map[string]float64{"resnet18": 0.5e-4, "resnet34": 1e-4} {
		r := experiments.ImageNet.RecipesFor(network)
		if r.W4A4.WeightDecay != want || r.W4A4MSE.WeightDecay != want || r.W8A8.WeightDecay != 1e-4 {
			t.Errorf("%s: weight decay %g, %g and %g at 8 bits; want %g, %g and 1e-4", network, r.W4A4.WeightDecay, r.W4A4MSE.WeightDecay, r.W8A8.WeightDecay, want, want)
		}
	}
}
