package data

import (
	"errors"
	"image"
	"testing"
)

// album has photographs of one pixel, and counts how many are read.
type album struct {
	labels, pixels []uint8
	read           int
}

func (a *album) Name() string      { return "album/train" }
func (a *album) Len() int          { return len(a.labels) }
func (a *album) Shape() Shape      { return Shape{Height: 1, Width: 1, Channels: 1} }
func (a *album) Classes() []string { return []string{"a", "b"} }
func (a *album) Label(i int) int32 { return int32(a.labels[i]) }
func (a *album) View(i int, _ func(width, height int) image.Rectangle, dst []uint8) error {
	return a.Image(i, dst)
}

func (a *album) Image(i int, dst []uint8) error {
	a.read++
	dst[0] = a.pixels[i]
	return nil
}

// Of many photographs a thousand or so are read, of which every one counts, and so does every label.
func TestHashOfPhotographs(t *testing.T) {
	a := &album{labels: make([]uint8, 50_000), pixels: make([]uint8, 50_000)}
	hash := func() string {
		a.read = 0
		sum, err := Hash(a)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	before := hash()
	if a.read < hashedPhotographs || a.read > 2*hashedPhotographs {
		t.Errorf("%d photographs were read, want about %d", a.read, hashedPhotographs)
	}
	a.labels[49_999] = 1
	relabelled := hash()
	a.pixels[0] = 1
	if changed := hash(); before == relabelled || relabelled == changed {
		t.Error("another label, or another photograph, has the same hash")
	}
}

// Photographs are known by their content, whatever their folder is called; those that may be left out are.
func TestKindAndHash(t *testing.T) {
	if got := Kind(&album{}); got != "photographs/train" {
		t.Errorf("photographs are %s", got)
	}
	train, _ := Synthetic(1, 4, 1)
	if got := Kind(train); got != "synthetic/train" {
		t.Errorf("images are %s", got)
	}
	whole, err := Hash(train)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Hash(Head(train, 4)); err != nil || again != whole {
		t.Errorf("the same images: %s and %s, %v", again, whole, err)
	}
	if left, err := Hash(damaged{train, ErrSkip}); err != nil || left == whole {
		t.Errorf("without one that is left out: %s, %v", left, err)
	}
	broken := errors.New("broken")
	if _, err := Hash(damaged{train, broken}); !errors.Is(err, broken) {
		t.Errorf("with a broken one: %v", err)
	}
}

// damaged is a set whose first image cannot be read.
type damaged struct {
	Dataset
	err error
}

func (d damaged) Image(i int, dst []uint8) error {
	if i == 0 {
		return d.err
	}
	return d.Dataset.Image(i, dst)
}
