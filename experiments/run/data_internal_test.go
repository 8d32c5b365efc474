package run

import (
	"image"
	"testing"

	"github.com/lowprec/lpnets/lpq/data"
)

// album has photographs of one pixel, and counts how many are read.
type album struct {
	labels, pixels []uint8
	read           int
}

func (a *album) Name() string      { return "album" }
func (a *album) Len() int          { return len(a.labels) }
func (a *album) Shape() data.Shape { return data.Shape{Height: 1, Width: 1, Channels: 1} }
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
		sum, err := hashData(a)
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
