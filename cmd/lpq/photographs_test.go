package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/weights"
)

// Wnids of ImageNet's classes 1, 278, 389 and 999.
var wnids = []string{"n01443537", "n02119789", "n02514041", "n15075141"}

// fox is the wnid of class foxClass.
const (
	fox      = "n02119789"
	foxClass = 278
)

// photo is a JPEG with stripes, as wide and as bright as the class says.
func photo(t *testing.T, class, width, height int) []byte {
	t.Helper()
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			stripe := uint8((x + 2*y) >> (class + 1) & 1 * 100)
			picture.Set(x, y, color.RGBA{stripe + uint8(40*class), 100, 255 - stripe, 255})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// write makes files, by path below dir, and the folders they need.
func write(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// photographs makes class folders: 16 pictures to train on, 4 to evaluate on.
func photographs(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	files := map[string][]byte{}
	for class, wnid := range wnids {
		for i := range 4 {
			files[fmt.Sprintf("train/%s/%d.JPEG", wnid, i)] = photo(t, class, 224+16*i, 256)
		}
		files["val/"+wnid+"/v.JPEG"] = photo(t, class, 300, 240)
	}
	write(t, dir, files)
	return dir
}

// randomResNet18 saves random weights, changed by change.
func randomResNet18(t *testing.T, change func(*weights.File)) (path string) {
	t.Helper()
	network, err := models.Get("resnet18")
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.New(testbackend.XLA(t), network, 1)
	if err != nil {
		t.Fatal(err)
	}
	file, err := m.File()
	if err != nil {
		t.Fatal(err)
	}
	change(file)
	path = filepath.Join(t.TempDir(), "resnet18.safetensors")
	if err := weights.Write(path, file); err != nil {
		t.Fatal(err)
	}
	return path
}

// alwaysFox makes the last layer's bias so large that the network sees a fox in everything.
func alwaysFox(t *testing.T) func(*weights.File) {
	return func(file *weights.File) {
		i := slices.IndexFunc(file.Tensors, func(w weights.Tensor) bool { return w.Name == "fc.bias" })
		bias := make([]float32, 1000)
		bias[foxClass] = 1e4
		var err error
		if file.Tensors[i], err = weights.NewFloat32("fc.bias", []int{1000}, bias); err != nil {
			t.Fatal(err)
		}
	}
}

// decode returns the fields of a result.
func decode(t *testing.T, text string) (fields map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

// wantSkipped checks the list of files left out, by their names.
func wantSkipped(t *testing.T, fields map[string]any, reasons map[string]string) {
	t.Helper()
	list, _ := fields["skipped"].([]any)
	if len(list) != len(reasons) {
		t.Errorf("left out %v, want %d", list, len(reasons))
	}
	for _, entry := range list {
		file := entry.(map[string]any)
		if want, ok := reasons[filepath.Base(file["file"].(string))]; !ok || !strings.Contains(file["reason"].(string), want) {
			t.Errorf("left out %v, want the reason %q", file, want)
		}
	}
}

// TestEvalPhotographs: four classes of a thousand have ImageNet's numbers; damaged files are counted and listed, and are no part of the accuracy.
func TestEvalPhotographs(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("compiles ResNet-18")
	}
	dir, whole := photographs(t), photo(t, 1, 256, 256)
	write(t, dir, map[string][]byte{"val/" + fox + "/w.JPEG": whole, "val/" + fox + "/cut.JPEG": whole[:len(whole)/2], "val/" + wnids[0] + "/text.jpg": []byte("hello there")})
	args := []string{"eval", "--model", "resnet18", "--weights", randomResNet18(t, alwaysFox(t)), "--data", dir}
	fields := parsed(t, scoreFields+"skipped", append(args, "--skip-bad", "2")...)
	for name, want := range map[string]any{"images": 5., "top1_pct": 40., "data": filepath.Base(dir) + "/val 256/224 bilinear"} { // two foxes of five
		wantField(t, fields, name, want)
	}
	wantSkipped(t, fields, map[string]string{"cut.JPEG": "cut short", "text.jpg": "neither JPEG nor PNG"})
	refusal{args: append(args, "--skip-bad", "1"), want: []string{"more than the 1 bad files that may be skipped"}}.check(t)
}

// TestFinetunePhotographs fine-tunes ResNet-18 for two epochs, interrupted after the first.
func TestFinetunePhotographs(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("trains ResNet-18")
	}
	data, dir := photographs(t), filepath.Join(t.TempDir(), "run")
	bad := photo(t, 0, 256, 256)
	write(t, data, map[string][]byte{"train/" + wnids[0] + "/cut.JPEG": bad[:len(bad)/2]}) // of 17 pictures 16 make four batches
	args := []string{"finetune", "--recipe", "faq8", "--epochs", "2", "--batch", "4", "--lr", "0.01", "--model", "resnet18",
		"--weights", randomResNet18(t, func(*weights.File) {}), "--data", data, "--skip-bad", "1", "--out", dir}
	interrupt(t, command(args...), "epoch 1:")

	got := run(t, command(append(args, "--resume", "--json")...))
	if got.code != 0 || strings.Contains(got.stderr, "epoch 1:") || !strings.Contains(got.stderr, "epoch 2:") {
		t.Fatalf("exit code %d: %swant the epoch that was left", got.code, got.stderr)
	}
	fields := decode(t, got.stdout)
	for name, want := range map[string]any{"network": "resnet18", "precision": "w8a8", "images": 4., "train_images": 17.} {
		wantField(t, fields, name, want)
	}
	wantSkipped(t, fields, map[string]string{"cut.JPEG": "cut short"})
	augment := fields["recipe"].(map[string]any)["augment"].(map[string]any)
	if crop, _ := augment["crop"].(map[string]any); crop["min_area"] != 0.08 || augment["pad"] != nil || augment["flip"] != true {
		t.Errorf("augmentation %v, want ImageNet's", augment)
	}
	var losses []float64
	for _, entry := range fields["history"].([]any) {
		epoch := entry.(map[string]any)
		losses = append(losses, epoch["train"].(map[string]any)["loss"].(float64))
		if loader, _ := epoch["loader_images_per_s"].(float64); loader <= 0 {
			t.Errorf("epoch %v: the loader makes %v images per second", epoch["epoch"], loader)
		}
	}
	if len(losses) != 2 || !(losses[1] < losses[0]) {
		t.Errorf("training losses %v, want two that fall", losses)
	}
}
