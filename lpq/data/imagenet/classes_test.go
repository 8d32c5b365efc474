package imagenet_test

import (
	"encoding/csv"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/lpq/data/imagenet"
)

// TestClasses compares with the list that came with the photographs.
func TestClasses(t *testing.T) {
	file, err := os.Open(shared.Path(t, "data", "imagenet-sample", "classes.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	classes := imagenet.Classes()
	if len(classes) != 1000 || len(rows) != 1001 {
		t.Fatalf("%d classes, %d rows", len(classes), len(rows))
	}
	ids := map[int]bool{}
	for i, class := range classes {
		if row := rows[i+1]; row[0] != strconv.Itoa(i) || row[1] != class.WNID || row[2] != class.Name {
			t.Errorf("class %d: got %+v, want %q", i, class, row)
		}
		if number, ok := imagenet.Number(class.WNID); !ok || number != i {
			t.Errorf("%s: got number %d, %v", class.WNID, number, ok)
		}
		ids[class.ILSVRCID] = class.ILSVRCID >= 1 && class.ILSVRCID <= 1000
	}
	if len(ids) != 1000 {
		t.Errorf("%d different ILSVRC ids", len(ids))
	}
	if _, ok := imagenet.Number("n00000000"); ok {
		t.Error("a class that there is not has a number")
	}
}

// TestValidationBegins: the development kit's ground truth begins with these numbers, and the validation pictures with these synsets.
func TestValidationBegins(t *testing.T) {
	ids := []int{490, 361, 171, 822, 297, 482, 13, 704, 599, 164}
	wnids := []string{"n01751748", "n09193705", "n02105855", "n04263257", "n03125729", "n01735189", "n02346627", "n02776631", "n03794056", "n02328150"}
	for i, id := range ids {
		at := slices.IndexFunc(imagenet.Classes(), func(c imagenet.Class) bool { return c.ILSVRCID == id })
		if at < 0 || imagenet.Classes()[at].WNID != wnids[i] {
			t.Errorf("ILSVRC id %d is class %d, want %s", id, at, wnids[i])
		}
	}
}
