package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/lowprec/lpnets/internal/buildinfo"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/analysis"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/models"
)

// score is what an evaluation found, as it is printed.
type score struct {
	Network    string         `json:"network"`
	Weights    string         `json:"weights"`
	Precision  string         `json:"precision"`
	Data       string         `json:"data"`
	Images     int            `json:"images"`
	Top1Pct    float64        `json:"top1_pct"`
	Top1CI95   [2]float64     `json:"top1_ci95_pct"`
	Top5Pct    float64        `json:"top5_pct"`
	Loss       float64        `json:"loss"`
	SizeBytes  int            `json:"size_bytes"`
	Seconds    float64        `json:"wall_s"`       // of the evaluation, without compilation
	ImagesPerS float64        `json:"images_per_s"` // the same
	Backend    string         `json:"backend"`
	Device     string         `json:"device"` // with the plugin and its version
	Version    buildinfo.Info `json:"version"`
	Skipped    []skippedFile  `json:"skipped,omitempty"` // damaged photographs, of all that the command has read
}

// evaluate runs a model over a data set and measures its speed, without compilation.
func (r *reading) evaluate(ctx context.Context, m *lpq.Model, set data.Dataset) (score, error) {
	options := models.EvaluateOptions{Batch: models.BatchFor(set), Workers: r.workers}
	if _, err := m.Logits(make([]uint8, options.Batch*set.Shape().Size())); err != nil { // compiles
		return score{}, err
	}
	started := time.Now()
	result, err := lpq.EvaluateWith(ctx, m, set, options)
	if err != nil {
		return score{}, err
	}
	seconds := time.Since(started).Seconds()
	lo, hi := analysis.Wilson(result.Top1, result.Images)
	return score{
		Network: m.Network.Name, Weights: m.Provenance["weights"], Precision: m.Scheme().String(), Data: set.Name(), Images: result.Images,
		Top1Pct: result.Top1Pct(), Top1CI95: [2]float64{100 * lo, 100 * hi}, Top5Pct: result.Top5Pct(), Loss: result.Loss(),
		SizeBytes: m.SizeBytes(), Seconds: seconds, ImagesPerS: float64(result.Images) / seconds,
		Backend: m.Backend.Name(), Device: m.Backend.Description(), Version: buildinfo.Read(),
		Skipped: r.skipped(),
	}, nil
}

func (s score) text(w io.Writer) {
	fmt.Fprintf(w, "%s %s on %s, %d images\n", s.Network, s.Precision, s.Data, s.Images)
	fmt.Fprintf(w, "  top-1  %.2f %% (95 %%: %.2f to %.2f)\n  top-5  %.2f %%\n  loss   %.4f\n  size   %d bytes\n  speed  %.0f images/s on %s\n",
		s.Top1Pct, s.Top1CI95[0], s.Top1CI95[1], s.Top5Pct, s.Loss, s.SizeBytes, s.ImagesPerS, s.Backend)
	printSkipped(w, s.Skipped)
}
