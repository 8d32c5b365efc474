package models_test

import (
	"testing"
	"time"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq/models"
)

const zooBatch = 16

// BenchmarkZoo is the evaluation of ImageNet's networks on random weights: seconds per image, and seconds to build and compile the graph.
//
//	go test ./lpq/models -run XXX -bench Zoo -benchtime 3x
//	go test ./lpq/models -run XXX -bench Zoo/resnet152/fp32
func BenchmarkZoo(b *testing.B) {
	for _, name := range models.Names() {
		network, err := models.Get(name)
		if err != nil {
			b.Fatal(err)
		}
		if !network.TakesPhotographs() {
			continue
		}
		for _, precision := range []string{"fp32", "w8a8", "w4a4"} {
			b.Run(name+"/"+precision, func(b *testing.B) { benchmarkLogits(b, network, precision) })
		}
	}
}

// compiling is how many seconds each benchmark's graph took: it is called again for a larger N, and then nothing is compiled.
var compiling = map[string]float64{}

func benchmarkLogits(b *testing.B, network models.Network, precision string) {
	b.Setenv("LPQ_PROGRAMS", "off") // what was compiled for another process does not count
	m, err := models.New(testbackend.XLA(b), network, 0)
	if err != nil {
		b.Fatal(err)
	}
	exponents := map[string]int{}
	for _, site := range m.Activations() {
		exponents[site.Name] = -4 // random weights need none better
	}
	if err := m.SetScheme(scheme(b, precision)); err != nil {
		b.Fatal(err)
	}
	if err := m.SetExponents(exponents); err != nil {
		b.Fatal(err)
	}
	pixels := make([]uint8, zooBatch*network.Input.Size())
	for i := range pixels {
		pixels[i] = uint8(i * 31)
	}
	logits := func() time.Duration {
		started := time.Now()
		if _, err := m.Logits(pixels); err != nil {
			b.Fatal(err)
		}
		return time.Since(started)
	}
	first, second := logits(), logits()
	if _, again := compiling[b.Name()]; !again {
		compiling[b.Name()] = (first - second).Seconds()
	}
	b.ResetTimer()
	for range b.N {
		logits()
	}
	batch := b.Elapsed().Seconds() / float64(b.N)
	b.ReportMetric(batch/zooBatch, "s/image")
	b.ReportMetric(compiling[b.Name()], "compile-s")
	testbackend.ReportPeak(b)
}
