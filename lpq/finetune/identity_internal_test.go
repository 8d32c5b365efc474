package finetune

import (
	"errors"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/lpq/data"
)

// photographs are pictures in a folder of that name.
type photographs struct {
	data.Pictures
	folder string
}

func (p photographs) Name() string { return p.folder + "/train 256/224 bilinear" }

// Checkpoints of versions that knew data by their name only are gone on with.
func TestDiffers(t *testing.T) {
	r := &run{sets: Sets{Train: photographs{folder: "imagenet"}}}
	r.identity = RunIdentity{Data: data.Kind(r.sets.Train), DataSHA256: "01"}
	for name, test := range map[string]struct{ there, want string }{
		"the same":            {`{"data": "photographs/train 256/224 bilinear", "data_sha256": "01"}`, ""},
		"other images":        {`{"data": "photographs/train 256/224 bilinear", "data_sha256": "02"}`, "data_sha256 is 02 there and 01 here"},
		"by name":             {`{"data": "imagenet/train 256/224 bilinear"}`, ""},
		"another by its name": {`{"data": "other/train 256/224 bilinear"}`, "data is other/"},
	} {
		err := r.differs(test.there)
		if test.want == "" && err != nil || test.want != "" && (!errors.Is(err, ErrOtherRun) || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}
