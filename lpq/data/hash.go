package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"github.com/pkg/errors"
)

// hashedPhotographs is how many of a set of photographs are read for its hash: all of ImageNet would take hours.
const hashedPhotographs = 1000

// Hash is the sha256, in hexadecimal digits, of what sets hold: of the number of images, then label (4 bytes, little-endian) and pixels of each; of photographs
// (Pictures), the pixels of some that lie evenly among them. It returns an error for an image that cannot be read, unless it may be left out (ErrSkip).
func Hash(sets ...Dataset) (string, error) {
	sum := sha256.New()
	for _, set := range sets {
		record := make([]byte, 4+set.Shape().Size())
		sum.Write(binary.LittleEndian.AppendUint64(nil, uint64(set.Len())))
		step := 1
		if _, photographs := set.(Pictures); photographs {
			step = max(1, set.Len()/hashedPhotographs)
		}
		for i := range set.Len() {
			binary.LittleEndian.PutUint32(record, uint32(set.Label(i)))
			content := record[:4]
			if i%step == 0 {
				switch err := set.Image(i, record[4:]); {
				case err == nil:
					content = record
				case !errors.Is(err, ErrSkip):
					return "", err
				}
			}
			sum.Write(content)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// Kind is the name of a set; of photographs (Pictures) without their folder's, whose content Hash tells whatever it is called: "photographs/train 256/224 bilinear".
func Kind(d Dataset) string {
	_, name, found := strings.Cut(d.Name(), "/")
	if _, photographs := d.(Pictures); photographs && found {
		return "photographs/" + name
	}
	return d.Name()
}
