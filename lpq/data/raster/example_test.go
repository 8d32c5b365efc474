package raster_test

import (
	"fmt"
	"os"

	"github.com/lowprec/lpnets/lpq/data/raster"
)

// A photograph becomes the input of a network that was trained with torchvision.
func ExamplePreprocess_Apply() {
	file, err := os.ReadFile("testdata/decode/420_progressive.jpg")
	if err != nil {
		fmt.Println(err)
		return
	}
	picture, err := raster.Decode(file)
	if err != nil {
		fmt.Println(err)
		return
	}
	input := make([]uint8, 3*224*224)
	if err := raster.Standard.Apply(input, picture); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%dx%d, seen as %s\n", picture.Width, picture.Height, raster.Standard)
	// Output: 37x29, seen as 256/224 bilinear
}
