package imagenet

import (
	_ "embed"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Class is one of ImageNet's 1,000, those of ILSVRC 2012 [1]. Its number, which networks are trained with, is its place among the wnids in order.
//
// [1] Russakovsky et al.: ImageNet Large Scale Visual Recognition Challenge, IJCV 2015; synsets and their ILSVRC2012_ID as in its development kit.
type Class struct {
	WNID     string // of WordNet, for example n01440764
	ILSVRCID int    // 1…1000, the development kit's own number, by which its ground truth goes
	Name     string // tench
}

//go:embed classes.csv
var classesCSV string

// Classes lists the 1,000 classes by number.
func Classes() []Class { return slices.Clone(known().classes) }

// Number returns the number, 0…999, of the class with that wnid.
func Number(wnid string) (number int, ok bool) {
	number, ok = known().numbers[wnid]
	return number, ok
}

type knownClasses struct {
	classes []Class
	names   []string
	numbers map[string]int
	ids     [1001]int32 // number by ILSVRCID
}

var known = sync.OnceValue(func() *knownClasses {
	rows, err := csv.NewReader(strings.NewReader(classesCSV)).ReadAll()
	if err != nil {
		panic(err) // the file is a part of the program
	}
	k := &knownClasses{numbers: map[string]int{}}
	for number, row := range rows[1:] {
		id, err := strconv.Atoi(row[1])
		if err != nil {
			panic(err)
		}
		k.classes = append(k.classes, Class{row[0], id, row[2]})
		k.names = append(k.names, row[2])
		k.numbers[row[0]] = number
		k.ids[id] = int32(number)
	}
	return k
})
