package imagenet_test

import (
	"bytes"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/internal/shared"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/data/imagenet"
	"github.com/lowprec/lpnets/lpq/data/raster"
)

func TestClassFolders(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, tree(t))
	train, val := open(t, dir, imagenet.Options{})
	if got, want := labels(train), []int32{0, 0, 1, 1, 999, 999}; !slices.Equal(got, want) {
		t.Errorf("got labels %v, want %v", got, want)
	}
	if got, want := labels(val), []int32{0, 999}; !slices.Equal(got, want) {
		t.Errorf("validation: got labels %v, want %v", got, want)
	}
	if len(train.Classes()) != 1000 || train.Classes()[1] != "goldfish" || train.Shape() != (data.Shape{Height: 20, Width: 20, Channels: 3}) {
		t.Errorf("%d classes, shape %+v", len(train.Classes()), train.Shape())
	}
	for i, name := range []string{"cmyk.jpg", "palette13.png", "444.jpg", "420.jpg", "grey.jpg", "422_progressive.jpg"} { // in the order of the paths
		picture, err := raster.Decode(photo(t, name))
		if err != nil {
			t.Fatal(err)
		}
		want, got := make([]uint8, train.Shape().Size()), make([]uint8, train.Shape().Size())
		if err := small.Apply(want, picture); err != nil {
			t.Fatal(err)
		}
		if err := train.Image(i, got); err != nil || !bytes.Equal(got, want) {
			t.Errorf("image %d is not %s: %v", i, name, err)
		}
	}
}

// Archives that are left beside the folders that they were unpacked into are no other set.
func TestFoldersBesideArchives(t *testing.T) {
	dir := t.TempDir()
	files := tree(t)
	for _, name := range []string{"ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar", "train/" + tench + ".tar", "train/" + toilet + ".tar"} {
		files[name] = []byte("an archive")
	}
	write(t, dir, files)
	train, val := open(t, dir, imagenet.Options{})
	if train.Len() != 6 || val.Len() != 2 {
		t.Errorf("got %d training and %d validation images, want 6 and 2", train.Len(), val.Len())
	}
}

// Each set is looked for on its own: shards stand in for a folder that is missing or empty.
func TestShardsBesideFolders(t *testing.T) {
	shard := archive(t, file{"a.jpg", photo(t, "grey.jpg")}, file{"a.cls", []byte("3")})
	dir := t.TempDir()
	write(t, dir, map[string][]byte{"x-train-0.tar": shard, "x-val-0.tar": shard, "val/" + tench + "/v.jpg": photo(t, "grey.jpg"), "train/.hidden": nil})
	train, val := open(t, dir, imagenet.Options{})
	if got, want := append(labels(train), labels(val)...), []int32{3, 0}; !slices.Equal(got, want) {
		t.Errorf("got labels %v, want %v: of the shard, and of the folder", got, want)
	}
}

func TestNumbering(t *testing.T) {
	jpg := photo(t, "tiny_2x3.jpg")
	folders := func(names ...string) map[string][]byte {
		files := map[string][]byte{}
		for _, name := range names {
			files[name+"/x.jpg"] = jpg
		}
		return files
	}
	for _, tc := range []struct {
		name    string
		files   map[string][]byte
		options imagenet.Options
		want    []int32 // labels of the validation set
		classes int
		err     string
	}{
		{name: "other folders, by name", files: folders("train/b", "train/a", "train/c", "val/c", "val/a"), want: []int32{0, 2}, classes: 3},
		{name: "given order", files: folders("train/b", "train/a", "val/b"), options: imagenet.Options{Classes: []string{"b", "a", "z"}}, want: []int32{0}, classes: 3},
		{name: "ImageNet's folders in a given order", files: folders("val/"+toilet, "val/"+tench), options: imagenet.Options{Classes: []string{toilet, tench}}, want: []int32{1, 0}, classes: 2},
		{name: "validation alone", files: folders(tench, toilet), want: []int32{0, 999}, classes: 1000},
		{name: "the other name", files: folders("validation/" + tench), want: []int32{0}, classes: 1000},
		{name: "class that training lacks", files: folders("train/a", "train/b", "val/c"), err: `class folder`},
		{name: "some of ImageNet", files: folders("train/"+tench, "train/misc"), err: `"misc" is not`},
		{name: "listed twice", files: folders("val/a"), options: imagenet.Options{Classes: []string{"a", "a"}}, err: "listed twice"},
		{name: "not listed", files: folders("val/a"), options: imagenet.Options{Classes: []string{"b"}}, err: `"a" is not among the 1 classes`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, tc.files)
			tc.options.Preprocess = small
			_, val, err := imagenet.Open(dir, tc.options)
			if tc.err != "" {
				wantError(t, err, tc.err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(labels(val), tc.want) || len(val.Classes()) != tc.classes {
				t.Errorf("got labels %v of %d classes, want %v of %d", labels(val), len(val.Classes()), tc.want, tc.classes)
			}
		})
	}
}

func TestFlatFolder(t *testing.T) {
	const first, third = "ILSVRC2012_val_00000001.JPEG", "ILSVRC2012_val_00000003.JPEG"
	for _, tc := range []struct {
		name, truthFile, truth string
		want                   []int32
		err                    string
	}{
		{name: "development kit", truthFile: "ILSVRC2012_validation_ground_truth.txt", truth: "490\n1\n449\n", want: []int32{65, 0}},
		{name: "wnids by line", truthFile: "val/ground_truth.txt", truth: tench + "\n" + goldfish + "\n" + toilet + "\n", want: []int32{0, 999}},
		{name: "numbers by line", truthFile: "ground_truth.txt", truth: "65\r\n7\r\n0\r\n\r\n", want: []int32{65, 0}},
		{name: "Caffe", truthFile: "val.txt", truth: third + " 7\n" + first + " 65\n", want: []int32{65, 7}},
		{name: "Kaggle", truthFile: "LOC_val_solution.csv", truth: "ImageId,PredictionString\nILSVRC2012_val_00000003," + tench + " 85 1 499 272 \nILSVRC2012_val_00000001," + toilet + " 1 2 3 4\n",
			want: []int32{999, 0}},
		{name: "names and numbers in the development kit's name", truthFile: "ILSVRC2012_validation_ground_truth.txt", truth: first + " 65\n" + third + " 0\n", want: []int32{65, 0}},
		{name: "none", truthFile: "other.txt", truth: "1", err: "no file says what they show"},
		{name: "too few lines", truthFile: "val.txt", truth: "1\n2\n", err: "has 2 lines and so none for " + third},
		{name: "a picture without line", truthFile: "val.txt", truth: first + " 1\n", err: "says nothing about " + third},
		{name: "number too large", truthFile: "val.txt", truth: "1\n1000\n", err: "line 2: class 1000, want 0 to 999"},
		{name: "development kit from 1", truthFile: "ILSVRC2012_validation_ground_truth.txt", truth: "0\n", err: "line 1: class 0, want ILSVRC's 1 to 1000"},
		{name: "unknown wnid", truthFile: "val.txt", truth: "n00000000\n", err: "line 1"},
		{name: "mixed", truthFile: "val.txt", truth: "1\n" + first + " 1\n", err: "some lines name a picture"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, map[string][]byte{"val/" + first: photo(t, "grey.jpg"), "val/" + third: photo(t, "420.jpg"), tc.truthFile: []byte(tc.truth)})
			train, val, err := imagenet.Open(dir, imagenet.Options{Preprocess: small})
			if tc.err != "" {
				wantError(t, err, tc.err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if train != nil || !slices.Equal(labels(val), tc.want) {
				t.Errorf("got labels %v, want %v", labels(val), tc.want)
			}
		})
	}
}

func TestFlatFolderByOrder(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string][]byte{"b.jpg": photo(t, "grey.jpg"), "a.jpg": photo(t, "420.jpg"), "truth": []byte("5\n6\n")})
	_, val := open(t, dir, imagenet.Options{GroundTruth: filepath.Join(dir, "truth")})
	if got := labels(val); !slices.Equal(got, []int32{5, 6}) {
		t.Errorf("got labels %v", got)
	}
	write(t, dir, map[string][]byte{"truth": []byte("5\n6\n7\n")})
	_, _, err := imagenet.Open(dir, imagenet.Options{GroundTruth: filepath.Join(dir, "truth")})
	wantError(t, err, "3 lines for 2 pictures")
}

// TestTarShards: the same pictures as class folders.
func TestTarShards(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, tree(t))
	train, val := open(t, folder, imagenet.Options{})
	one := archive(t, file{"./", nil}, file{"000/x.jpg", photo(t, "cmyk.jpg")}, file{"000/x.cls", []byte("0")}, file{"000/x.json", []byte("{}")},
		file{"000/y.cls", []byte(" 0\n")}, file{"000/y.PNG", photo(t, "palette13.png")}, file{"about.txt", []byte("not a sample")})
	two := archive(t, file{strings.Repeat("long/", 50) + "a.jpeg", photo(t, "444.jpg")}, file{strings.Repeat("long/", 50) + "a.cls", []byte("1")},
		file{"b.jpg", photo(t, "420.jpg")}, file{"b.cls", []byte("1")}, file{"c.jpg", photo(t, "grey.jpg")}, file{"c.cls", []byte("999")},
		file{"d.v2.jpg", nil}, file{"d.jpg", photo(t, "422_progressive.jpg")}, file{"d.cls", []byte("999")})
	three := archive(t, file{"1.jpg", photo(t, "440.jpg")}, file{"1.cls", []byte("0")}, file{"2.jpg", photo(t, "exif_rotated.jpg")}, file{"2.cls", []byte("999")})
	for name, files := range map[string]map[string][]byte{
		"one folder":  {"imagenet-train-000000.tar": one, "imagenet-train-000001.tar": two, "imagenet-val-000000.tar": three},
		"two folders": {"train/000.tar": one, "train/001.tar": two, "val/000.tar": three},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, files)
			gotTrain, gotVal := open(t, dir, imagenet.Options{})
			same(t, gotTrain, train)
			same(t, gotVal, val)
		})
	}
}

func TestTarClasses(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string][]byte{"val/0.tar": archive(t, file{"1.jpg", photo(t, "grey.jpg")}, file{"1.cls", []byte("1")}), "val/classes.txt": []byte("cat\ndog\n")})
	_, val := open(t, dir, imagenet.Options{})
	if !slices.Equal(val.Classes(), []string{"cat", "dog"}) {
		t.Errorf("got classes %q", val.Classes())
	}
	_, _, err := imagenet.Open(dir, imagenet.Options{Classes: []string{"cat"}})
	wantError(t, err, "class 1, want 0 to 0")
}

func TestOpenErrors(t *testing.T) {
	good := archive(t, file{"1.jpg", photo(t, "grey.jpg")}, file{"1.cls", []byte("1")})
	for _, tc := range []struct {
		name  string
		files map[string][]byte
		want  []string
	}{
		{"nothing", nil, []string{"no pictures in", "known are train/<class>/*.JPEG"}},
		{"empty folders", map[string][]byte{"train/readme": nil}, []string{"is empty", "known are"}},
		{"training without classes", map[string][]byte{"train/a.jpg": nil}, []string{"without class folders"}},
		{"empty class", map[string][]byte{"train/a/x.jpg": nil, "train/b/x.txt": nil}, []string{filepath.Join("train", "b"), "a class folder without pictures"}},
		{"nested folder", map[string][]byte{"train/a/b/x.jpg": nil}, []string{filepath.Join("train", "a", "b"), "nested"}},
		{"folder named like a picture", map[string][]byte{"train/a/x.jpg/y": nil}, []string{"x.jpg", "nested"}},
		{"picture without class", map[string][]byte{"train/0.tar": archive(t, file{"1.jpg", nil})}, []string{`0.tar: "1"`, "a picture without class"}},
		{"class without picture", map[string][]byte{"train/0.tar": archive(t, file{"1.cls", []byte("1")})}, []string{"a class without picture"}},
		{"two pictures", map[string][]byte{"train/0.tar": archive(t, file{"1.jpg", nil}, file{"1.png", nil})}, []string{"two pictures"}},
		{"class that is no number", map[string][]byte{"train/0.tar": archive(t, file{"1.jpg", nil}, file{"1.cls", []byte(tench)})}, []string{"want a class's number"}},
		{"class too large", map[string][]byte{"train/0.tar": archive(t, file{"1.jpg", nil}, file{"1.cls", []byte("1000")})}, []string{"class 1000, want 0 to 999"}},
		{"archive without samples", map[string][]byte{"train/0.tar": archive(t, file{"readme", nil})}, []string{"no pictures that can be read"}},
		{"archive cut short", map[string][]byte{"train/0.tar": good[:700]}, []string{"0.tar", "unexpected EOF"}},
		{"no archive", map[string][]byte{"train/0.tar": []byte(strings.Repeat("text", 300))}, []string{"0.tar", "invalid tar header"}},
		{"no prepared shard", map[string][]byte{"train-00000-of-00001.lpqshard": []byte(strings.Repeat("text", 300))}, []string{"not a prepared shard"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, tc.files)
			_, _, err := imagenet.Open(dir, imagenet.Options{})
			wantError(t, err, tc.want...)
		})
	}
	_, _, err := imagenet.Open(filepath.Join(t.TempDir(), "none"), imagenet.Options{})
	wantError(t, err, "no such file")
	write(t, t.TempDir(), nil)
	_, _, err = imagenet.Open(shared.Path(t, "data", "imagenet-sample", "classes.csv"), imagenet.Options{})
	wantError(t, err, "is not a folder")
	_, _, err = imagenet.Open(t.TempDir(), imagenet.Options{Preprocess: raster.Preprocess{Resize: 1, Crop: 2}})
	wantError(t, err, "resize to 1, crop 2")
}

func TestImageErrors(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, tree(t))
	train, _ := open(t, dir, imagenet.Options{})
	image := make([]uint8, train.Shape().Size())
	wantError(t, train.Image(6, image), "no image 6 among 6")
	wantError(t, train.Image(-1, image), "no image -1")
	wantError(t, train.Image(0, image[1:]), "1200 bytes, got room for 1199")
	if err := os.Remove(filepath.Join(dir, "train", tench, "x.jpg")); err != nil {
		t.Fatal(err)
	}
	wantError(t, train.Image(0, image), "x.jpg: no such file")
}

// TestView: a part of the picture, and Image as a special one.
func TestView(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, tree(t))
	train, _ := open(t, dir, imagenet.Options{Preprocess: raster.Preprocess{Resize: 29, Crop: 29, Filter: raster.Bicubic}})
	pictures := data.Subset(train, []int{3}).(data.Pictures)
	want, got := make([]uint8, 29*29*3), make([]uint8, 29*29*3)
	if err := train.Image(3, want); err != nil {
		t.Fatal(err)
	}
	var width, height int
	centre := func(w, h int) image.Rectangle {
		width, height = w, h
		return image.Rect(4, 0, 33, 29)
	}
	if err := pictures.View(0, centre, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the centre is not the evaluation's image: %v", err)
	}
	if width != 37 || height != 29 {
		t.Errorf("the picture is said to be %dx%d", width, height)
	}
	outside := func(w, h int) image.Rectangle { return image.Rect(0, 0, w+1, h) }
	wantError(t, pictures.View(0, outside, got), "b.JPEG", "no part")
	wantError(t, pictures.View(1, centre, got), "no image 1")
}

// TestPhotographs: the real sample, by its layout.
func TestPhotographs(t *testing.T) {
	train, val := open(t, shared.Path(t, "data", "imagenet-sample"), imagenet.Options{Preprocess: raster.Lite0})
	if train.Len() != 100 || val.Len() != 400 || train.Name() != "imagenet-sample/train 256/224 bicubic" {
		t.Errorf("%s: %d images, %s: %d", train.Name(), train.Len(), val.Name(), val.Len())
	}
}
