package imagenet_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/data/imagenet"
)

// A folder with one of ImageNet's classes: its number is ImageNet's, and a damaged file is listed.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "pictures")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	class := filepath.Join(dir, "val", "n02119789")
	if err := os.MkdirAll(class, 0o777); err != nil {
		fmt.Println(err)
		return
	}
	for name, content := range map[string]string{"fox1.jpg": "../raster/testdata/decode/420.jpg", "fox2.jpg": "example_test.go"} {
		if err := copyFile(filepath.Join(class, name), content); err != nil {
			fmt.Println(err)
			return
		}
	}
	bad := &imagenet.BadFiles{Limit: 5}
	_, val, err := imagenet.Open(dir, imagenet.Options{Bad: bad})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(val.Len(), "pictures of class", val.Label(0), val.Classes()[val.Label(0)])
	loader := data.Loader{Dataset: val, BatchSize: val.Len()}
	for batch, err := range loader.Epoch(context.Background(), 0, 0) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(batch.Size, "of them in the batch")
	}
	for _, left := range bad.List() {
		fmt.Println("left out:", filepath.Base(left.Name), left.Reason)
	}
	// Output:
	// 2 pictures of class 278 kit fox
	// 1 of them in the batch
	// left out: fox2.jpg neither JPEG nor PNG: it begins with "package "
}

func copyFile(to, from string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o666)
}
