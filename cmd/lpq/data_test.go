package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestPrepareVerifyRate goes from class folders to prepared shards, and measures both.
func TestPrepareVerifyRate(t *testing.T) {
	t.Parallel()
	from, to := photographs(t), filepath.Join(t.TempDir(), "prepared")
	prepare := []string{"data", "prepare", from, to, "--network", "efficientnet_lite0", "--shard-images", "10", "--workers", "2"}
	const fieldsOfFolder = "folder preprocess train_images val_images shards bytes wall_s"
	fields := parsed(t, fieldsOfFolder, prepare...)
	for name, want := range map[string]any{"folder": to, "preprocess": "256/224 bicubic", "train_images": 16., "val_images": 4., "shards": 3., "skipped": nil} {
		wantField(t, fields, name, want)
	}
	shard := filepath.Join(to, "train-00001-of-00002.lpqshard")
	before, err := os.Stat(shard)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(to, "val-00000-of-00001.lpqshard")); err != nil {
		t.Fatal(err)
	}
	wantField(t, parsed(t, fieldsOfFolder, prepare...), "val_images", 4.) // goes on
	if after, err := os.Stat(shard); err != nil || !os.SameFile(before, after) {
		t.Errorf("a whole shard was made again: %v", err)
	}
	wantField(t, parsed(t, "folder shards bytes", "data", "verify", to), "shards", 3.)

	for _, dir := range []string{from, to} {
		rate := parsed(t, "data network augment images batch cores images_per_s images_per_s_per_core",
			"data", "rate", dir, "--network", "efficientnet_lite0", "--images", "30", "--batch", "8", "--workers", "2")
		for name, want := range map[string]any{"images": 32., "cores": 2., "images_per_s_per_core": rate["images_per_s"].(float64) / 2} {
			wantField(t, rate, name, want)
		}
	}
	content := read(t, shard)
	content[5000] ^= 1
	write(t, to, map[string][]byte{filepath.Base(shard): content})
	refuse(t, []refusal{
		{name: "damaged", args: []string{"data", "verify", to}, want: []string{shard, "damaged"}},
		{name: "another network", args: []string{"data", "rate", to, "--network", "inception_v3"}, want: []string{"256/224 bicubic", "342/299 bilinear is wanted"}},
		{name: "another preparation", args: []string{"data", "prepare", from, to}, want: []string{"belongs to another preparation"}},
		{name: "prepared twice", args: []string{"data", "prepare", to, from, "--network", "efficientnet_lite0"}, want: []string{"prepared already"}},
		{name: "network and size", args: []string{"data", "prepare", from, to, "--network", "resnet18", "--resize", "300"}, want: []string{"network", "resize"}},
		{name: "network of small images", args: []string{"data", "prepare", from, to, "--network", "resnet20"}, want: []string{"resnet20 takes no photographs", "resnet18"}},
		{name: "filter", args: []string{"data", "prepare", from, to, "--filter", "sharp"}, want: []string{"sharp", "bilinear"}},
		{name: "negative", args: []string{"data", "prepare", from, to, "--skip-bad", "-1"}, want: []string{"--skip-bad -1"}},
		{name: "nothing to rate", args: []string{"data", "rate", from, "--images", "0"}, want: []string{"--images 0"}},
		{name: "nothing to verify", args: []string{"data", "verify", from}, want: []string{"no prepared shards"}},
		{name: "no folder", args: []string{"data", "prepare", from}, want: []string{"got 1 arguments", "the folder for the shards"}},
		{name: "no training set", args: []string{"quantize", "--model", "resnet18", "--weights", "x.pth", "--data", filepath.Join(from, "val")}, want: []string{"no training set", "to calibrate on"}},
		{name: "no validation set", args: []string{"eval", "--model", "resnet18", "--weights", "x.pth", "--data", onlyTrain(t, from)}, want: []string{"no validation set", "to evaluate on"}},
		{name: "wrong size", args: []string{"eval", "--data", from}, want: []string{"Height:224", "resnet8", "Height:32"}},
		{name: "augment", args: []string{"quantize", "--augment", "twice"}, want: []string{`--augment "twice"`, "flip, none"}},
	})
}

// onlyTrain is a folder with a link to another's training set.
func onlyTrain(t *testing.T, from string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.Symlink(filepath.Join(from, "train"), filepath.Join(dir, "train")); err != nil {
		t.Skip(err)
	}
	return dir
}
