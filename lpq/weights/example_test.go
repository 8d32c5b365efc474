package weights_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lowprec/lpnets/lpq/weights"
)

// A file is written with metadata, found again by its content, and converted to one for PyTorch.
func Example() {
	kernel, err := weights.NewFloat32("conv.weight", []int{1, 2}, []float32{0.5, -0.25})
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "weights")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "net.safetensors")
	file := &weights.File{Tensors: []weights.Tensor{kernel}, Metadata: map[string]string{"scheme": "w4a4"}}
	if err := weights.Write(path, file); err != nil {
		fmt.Println(err)
		return
	}
	file, err = weights.Read(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	t, found := file.Lookup("conv.weight")
	values, err := t.Float32s()
	fmt.Println(found, t.DType, t.Shape, values, err, file.Metadata["scheme"])
	fmt.Println(weights.Write(filepath.Join(dir, "net.pth"), file))
	// Output:
	// true F32 [1 2] [0.5 -0.25] <nil> w4a4
	// <nil>
}

// A pickle that would run a program is refused.
func ExampleParse() {
	_, err := weights.Parse([]byte("\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R."))
	fmt.Println(err)
	// Output:
	// torch legacy file: pickle, byte 2: it asks for "os.system", which is refused: only tensors are rebuilt, nothing is run. Save the model's state_dict() alone, from a source that you trust
}

func ExampleEncode() {
	step, err := weights.NewInt64("step", nil, []int64{7})
	if err != nil {
		fmt.Println(err)
		return
	}
	var buffer bytes.Buffer
	err = weights.Encode(&buffer, &weights.File{Tensors: []weights.Tensor{step}}, weights.Safetensors)
	fmt.Printf("%q %v\n", buffer.Bytes(), err)
	// Output:
	// "8\x00\x00\x00\x00\x00\x00\x00{\"step\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]}}\a\x00\x00\x00\x00\x00\x00\x00" <nil>
}
