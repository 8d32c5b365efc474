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
	fmt.Printf("top-1 %.1f %%\n", e.Top1Pct)
	// Output:
	// inception_v3_google-0cc3c7bd.pth BSD-3-Clause
	// top-1 77.3 %
}
