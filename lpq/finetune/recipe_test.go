package finetune_test

import (
	"image"
	"testing"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/finetune"
)

// photographs are pictures with sizes of their own, by their type.
type photographs struct{ data.Dataset }

func (photographs) View(int, func(width, height int) image.Rectangle, []uint8) error { return nil }

// TestRecipeFor: what suits small images is not done to photographs; what the user chose stays.
func TestRecipeFor(t *testing.T) {
	small, _ := data.Synthetic(1, 1, 1)
	for _, r := range finetune.Recipes() {
		if got := r.For(small); got != r {
			t.Errorf("recipe %s for small images: %+v", r.Name, got)
		}
		want := r
		want.Augment = data.ImageNetAugment
		if got := r.For(photographs{small}); got != want || got.For(photographs{small}) != want {
			t.Errorf("recipe %s for photographs: %+v, want %+v", r.Name, got, want)
		}
		for _, chosen := range []data.Augment{{}, {Flip: true}} {
			if r.Augment = chosen; r.For(photographs{small}) != r {
				t.Errorf("recipe %s with %+v: it was changed", r.Name, chosen)
			}
		}
	}
}
