// Package testbackend gives tests the engines to run on: XLA on the CPU and GoMLX's pure-Go backend, or those named in
// $LPQ_TEST_BACKENDS ("xla:cuda,go"). Each is opened once per process and shared by its tests.
//
//	testbackend.ForEach(t, func(t *testing.T, b compute.Backend) {
//		got := graph.MustCallOnce(b, quantize, x)
//		…
//	})
//
// A plugin that is missing fails the test and says how to install it: tests do not skip what they should have checked.
// In a binary built without XLA (tag noxla) the default is the pure-Go backend alone.
package testbackend

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/backend"
)

// EnvBackends names the engines to test, separated by commas.
const EnvBackends = "LPQ_TEST_BACKENDS"

// defaultBackends are the engines of the tests where the variable says nothing.
func defaultBackends() string {
	if backend.HasXLA() {
		return "xla:cpu,go"
	}
	return "go"
}

// ForEach runs a subtest, named by the engine, on each one.
func ForEach(t *testing.T, fn func(t *testing.T, b compute.Backend)) {
	t.Helper()
	for _, config := range configs() {
		t.Run(config, func(t *testing.T) { fn(t, open(t, config)) })
	}
}

// XLA returns the first XLA engine of the list. Where the binary has no XLA, the test is skipped.
func XLA(t testing.TB) compute.Backend {
	t.Helper()
	if !backend.HasXLA() {
		t.Skip("built without XLA")
	}
	for _, config := range configs() {
		if strings.HasPrefix(config, "xla") {
			return open(t, config)
		}
	}
	t.Fatalf("no XLA engine in $%s=%q", EnvBackends, os.Getenv(EnvBackends))
	return nil
}

// Go returns GoMLX's pure-Go engine, whether it is in the list or not.
func Go(t testing.TB) compute.Backend {
	t.Helper()
	return open(t, "go")
}

// configs splits $LPQ_TEST_BACKENDS. A part without "xla", "go" at its start is an option of the one before it:
// "xla:cuda,tf32=false,go".
func configs() []string {
	list := os.Getenv(EnvBackends)
	if strings.TrimSpace(list) == "" {
		list = defaultBackends()
	}
	var configs []string
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimSpace(part)
		switch {
		case part == "":
		case part == "go" || strings.HasPrefix(part, "go:") || strings.HasPrefix(part, "xla") || len(configs) == 0:
			configs = append(configs, part)
		default:
			configs[len(configs)-1] += "," + part
		}
	}
	return configs
}

type opened struct {
	once    sync.Once
	backend compute.Backend
	err     error
}

var engines sync.Map // of config to *opened

// open returns the engine, opening it at the first call.
func open(t testing.TB, config string) compute.Backend {
	t.Helper()
	value, _ := engines.LoadOrStore(config, new(opened))
	engine := value.(*opened)
	engine.once.Do(func() { engine.backend, engine.err = backend.Open(backend.Options{Config: config}) })
	switch {
	case errors.Is(engine.err, backend.ErrNoPlugin):
		t.Fatalf("%v (from a checkout: `go run ./cmd/lpq backends install cpu`)", engine.err)
	case engine.err != nil:
		t.Fatalf("opening %s: %v", config, engine.err)
	}
	return engine.backend
}
