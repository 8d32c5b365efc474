package pretrained_test

import (
	"fmt"

	"github.com/lowprec/lpnets/lpq/pretrained"
)

func ExampleGet() {
	e, err := pretrained.Get("inception_v3")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.File(), e.Licence)
	fmt.Printf("top-1 %.1f %%, on photographs resized and cropped to %s\n", e.Top1Pct, e.Preprocess)
	// Output:
	// inception_v3_google-0cc3c7bd.pth BSD-3-Clause
	// top-1 77.3 %, on photographs resized and cropped to 342/299 bilinear
}
