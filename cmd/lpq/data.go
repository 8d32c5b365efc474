package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/data/imagenet"
	"github.com/lowprec/lpnets/lpq/data/raster"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/notebook"
)

func newData(g *global) *cobra.Command {
	return newGroup("data", "ImageNet, and folders of photographs like it: prepare, verify, rate", `Works on folders of photographs. The known layouts are

  train/<class>/*.JPEG and val/<class>/*.JPEG   where all folders are wnids (n01440764), classes have ImageNet's numbers
  val/*.JPEG with its ground truth              ILSVRC2012_validation_ground_truth.txt, LOC_val_solution.csv, val.txt or --ground-truth
  *train*.tar and *val*.tar                     WebDataset: key.jpg and key.cls, the class's number from 0
  what lpq data prepare writes                  the fastest

A folder with neither train nor val is taken for the validation set itself. eval, quantize, finetune and train take all of them as --data.`,
		newPrepare(g), newVerify(g), newRate(g))
}

// folder describes photographs as a command found or left them.
type folder struct {
	Folder     string        `json:"folder"`
	Preprocess string        `json:"preprocess"`
	Train      int           `json:"train_images"`
	Val        int           `json:"val_images"`
	Shards     int           `json:"shards"`
	Bytes      int64         `json:"bytes"`
	Seconds    float64       `json:"wall_s"` // of this call
	Skipped    []skippedFile `json:"skipped,omitempty"`
}

// describePrepared describes a folder of prepared shards.
func describePrepared(dir string, preprocess raster.Preprocess) (f folder, err error) {
	train, val, err := imagenet.Open(dir, imagenet.Options{Preprocess: preprocess})
	if err != nil {
		return f, err
	}
	f = folder{Folder: dir, Preprocess: preprocess.String(), Train: size(train), Val: size(val)}
	f.Shards, f.Bytes, err = shards(dir)
	return f, err
}

// size is the number of images of a set that may be missing.
func size(set data.Dataset) int {
	if set == nil {
		return 0
	}
	return set.Len()
}

// shards counts what is prepared in a folder.
func shards(dir string) (n int, bytes int64, err error) {
	paths, err := imagenet.Shards(dir)
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return 0, 0, errors.WithStack(err)
		}
		n, bytes = n+1, bytes+info.Size()
	}
	return n, bytes, err
}

func (f folder) text(w io.Writer) {
	fmt.Fprintf(w, "%s: %d training and %d validation images for %s\n  files  %d shards, %.1f MB\n", f.Folder, f.Train, f.Val, f.Preprocess, f.Shards, float64(f.Bytes)/1e6)
	printSkipped(w, f.Skipped)
}

// preparing has the flags of lpq data prepare.
type preparing struct {
	reading
	network, filter     string
	resize, shardImages int
}

func newPrepare(g *global) *cobra.Command {
	p := &preparing{}
	cmd := &cobra.Command{
		Use:   "prepare FROM TO",
		Short: "Write photographs decoded and resized, as shards that are read without decoding",
		Long: `Reads photographs in any layout (see lpq data --help), resizes their shorter side as a network wants, and writes them without compression: about 260 kB
each at 256, so 340 GB for ImageNet. Evaluation sees the same pixels then, training's crops are drawn from the smaller photographs. Shards appear whole or
not at all: stop it with Ctrl-C whenever you like, and call it again to go on.

  lpq data prepare imagenet imagenet-256 --network resnet18
  lpq data prepare imagenet imagenet-342 --resize 342 --skip-bad 10`,
		Args: arguments("the folder of the photographs", "the folder for the shards"),
		RunE: func(cmd *cobra.Command, args []string) error { return p.run(cmd, g, args[0], args[1]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&p.network, "network", "", "prepare for this network: "+strings.Join(photographers(), ", "))
	flags.IntVar(&p.resize, "resize", raster.Standard.Resize, "shorter side, in pixels")
	flags.StringVar(&p.filter, "filter", string(raster.Standard.Filter), "how to resize: bilinear or bicubic")
	flags.IntVar(&p.shardImages, "shard-images", imagenet.DefaultShardImages, "photographs of a shard")
	p.addReadingFlags(cmd)
	cmd.MarkFlagsMutuallyExclusive("network", "resize")
	cmd.MarkFlagsMutuallyExclusive("network", "filter")
	return cmd
}

// photographers are the networks that take photographs.
func photographers() (names []string) {
	for _, name := range models.Names() {
		if network, err := models.Get(name); err == nil && network.TakesPhotographs() {
			names = append(names, name)
		}
	}
	return names
}

// preprocessOf is how a network wants its photographs.
func preprocessOf(name string) (raster.Preprocess, error) {
	network, err := models.Get(name)
	if err == nil && !network.TakesPhotographs() {
		err = errors.Errorf("network %s takes no photographs; those that do are %s", name, strings.Join(photographers(), ", "))
	}
	return network.Preprocess, err
}

func (p *preparing) preprocess() (raster.Preprocess, error) {
	if p.network != "" {
		return preprocessOf(p.network)
	}
	return raster.Preprocess{Resize: p.resize, Crop: min(p.resize, raster.Standard.Crop), Filter: raster.Filter(p.filter)}, nil
}

func (p *preparing) run(cmd *cobra.Command, g *global, from, to string) error {
	if err := p.check(); err != nil {
		return err
	}
	preprocess, err := p.preprocess()
	if err != nil {
		return err
	}
	started := time.Now()
	progress := notebook.NewProgress("prepare " + from)
	defer progress.Close()
	err = imagenet.Prepare(cmd.Context(), from, to, imagenet.PrepareOptions{
		Options:     imagenet.Options{Preprocess: preprocess, GroundTruth: p.groundTruth, Bad: &p.bad},
		ShardImages: p.shardImages, Workers: p.workers, Progress: func(done, total int) { progress.Update(done, total, "") }})
	if isInterrupt(err) {
		return errors.Errorf("interrupted; go on with: %s", shellWords(os.Args))
	}
	if err != nil {
		return err
	}
	result, err := describePrepared(to, preprocess)
	if err != nil {
		return err
	}
	result.Seconds, result.Skipped = time.Since(started).Seconds(), p.skipped()
	return g.print(cmd.OutOrStdout(), result, result.text)
}

// verified is the result of lpq data verify.
type verified struct {
	Folder string `json:"folder"`
	Shards int    `json:"shards"`
	Bytes  int64  `json:"bytes"`
}

func newVerify(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "verify DIR",
		Short: "Check prepared photographs against their checksums",
		Args:  arguments("a folder of prepared shards"),
		RunE: func(cmd *cobra.Command, args []string) error {
			progress := notebook.NewProgress("verify " + args[0])
			defer progress.Close()
			err := imagenet.Verify(cmd.Context(), args[0], func(done, total int) { progress.Update(done, total, "") })
			if isInterrupt(err) {
				return errors.New("interrupted")
			}
			if err != nil {
				return err
			}
			n, bytes, err := shards(args[0])
			if err != nil {
				return err
			}
			result := verified{args[0], n, bytes}
			return g.print(cmd.OutOrStdout(), result, func(w io.Writer) {
				fmt.Fprintf(w, "%s: %d shards, %.1f MB, all as they were written\n", result.Folder, result.Shards, float64(result.Bytes)/1e6)
			})
		},
	}
}
