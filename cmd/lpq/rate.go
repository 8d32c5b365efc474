package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/pkg/errors"
	"github.com/spf13/cobra"

	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/data/imagenet"
)

// rating has the flags of lpq data rate.
type rating struct {
	reading
	augment       augmentFlag
	network       string
	images, batch int
}

// rated is the result of lpq data rate.
type rated struct {
	Data       string        `json:"data"`
	Network    string        `json:"network"`
	Augment    data.Augment  `json:"augment,omitzero"`
	Images     int           `json:"images"`
	Batch      int           `json:"batch"`
	Cores      int           `json:"cores"`
	ImagesPerS float64       `json:"images_per_s"`
	PerCore    float64       `json:"images_per_s_per_core"`
	Skipped    []skippedFile `json:"skipped,omitempty"`
}

func newRate(g *global) *cobra.Command {
	r := &rating{}
	cmd := &cobra.Command{
		Use:   "rate DIR --network NAME",
		Short: "How many photographs the loader makes per second and core",
		Long: `Loads photographs as training does (--augment none: as evaluation does) with nothing behind the loader, and says how many it makes per second. It takes
the training set, or the validation set where there is no other, and repeats it as needed. The whole program gets as many cores as there
are workers. Files that the system does not hold in memory make the first call slower than the next.

  lpq data rate imagenet     --network resnet18
  lpq data rate imagenet-256 --network resnet18 --workers 4`,
		Args: arguments("a folder of photographs"),
		RunE: func(cmd *cobra.Command, args []string) error { return r.run(cmd, g, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&r.network, "network", "resnet18", "network whose input is made")
	flags.IntVar(&r.images, "images", 2000, "photographs to make")
	flags.IntVar(&r.batch, "batch", 50, "photographs of a batch")
	r.augment.addFlag(cmd, "as training does")
	r.addReadingFlags(cmd)
	flags.Lookup("workers").Usage, flags.Lookup("workers").DefValue = "threads that load, and cores to use", "1"
	return cmd
}

// maxRated is more photographs than take a day.
const maxRated = 1_000_000_000

func (r *rating) run(cmd *cobra.Command, g *global, dir string) error {
	if r.images < 1 || r.batch < 1 || r.images > maxRated {
		return errors.Errorf("--images %d, --batch %d: want one or more, and no more than %d images", r.images, r.batch, maxRated)
	}
	if !cmd.Flags().Changed("workers") {
		r.workers = 1
	}
	if err := r.check(); err != nil {
		return err
	}
	if err := r.augment.check(); err != nil {
		return err
	}
	preprocess, err := preprocessOf(r.network)
	if err != nil {
		return err
	}
	train, val, err := imagenet.Open(dir, imagenet.Options{Preprocess: preprocess, GroundTruth: r.groundTruth, Bad: &r.bad})
	if err != nil {
		return err
	}
	if train == nil {
		train = val
	}
	result, err := r.measure(cmd, g, train)
	if err != nil {
		return err
	}
	return g.print(cmd.OutOrStdout(), result, result.text)
}

// measure lets the loader work on as many cores as it has workers.
func (r *rating) measure(cmd *cobra.Command, g *global, set data.Dataset) (rated, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(r.workers))
	loader := &data.Loader{Dataset: set, BatchSize: min(r.batch, set.Len()), Shuffle: true, Seed: g.seed, DropLast: true,
		Augment: r.augment.choose(data.ImageNetAugment), Workers: r.workers}
	batches := (r.images + loader.BatchSize - 1) / loader.BatchSize
	rate, err := loader.Rate(cmd.Context(), batches)
	return rated{Data: set.Name(), Network: r.network, Augment: loader.Augment, Images: batches * loader.BatchSize, Batch: loader.BatchSize, Cores: r.workers,
		ImagesPerS: rate, PerCore: rate / float64(r.workers), Skipped: r.skipped()}, err
}

func (r rated) text(w io.Writer) {
	fmt.Fprintf(w, "%s for %s, %d images in batches of %d\n  speed  %.0f images/s on %d cores, %.0f per core\n",
		r.Data, r.Network, r.Images, r.Batch, r.ImagesPerS, r.Cores, r.PerCore)
	printSkipped(w, r.Skipped)
}
