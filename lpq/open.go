package lpq

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/gomlx/compute"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/backend"
	"github.com/lowprec/lpnets/lpq/builtin"
	"github.com/lowprec/lpnets/lpq/finetune"
	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/pretrained"
	"github.com/lowprec/lpnets/lpq/weights"
)

// BuiltIn, in place of a file or folder, names the weights or the images that come with the program.
const BuiltIn = "builtin"

// Model is a network with weights and a precision.
type Model = models.Model

// Sets are training, validation and test data.
type Sets = finetune.Sets

// Interruptible returns a context that ends when the user interrupts: Ctrl-C in a terminal, the stop button of a notebook. Actions
// then save what they have and return; a second interrupt ends the process at once.
func Interruptible() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx
}

// Open starts the engine that runs the graphs: "xla:cpu", "xla:cuda", "go"; empty means $GOMLX_BACKEND, or else the best at hand. devices
// is how many devices the engine offers, 0 for its default: one on the CPU, all GPUs. The error for a missing plugin says how to install it.
func Open(config string, devices int) (compute.Backend, error) {
	return backend.Open(backend.Options{Config: config, Devices: devices})
}

// Blueprint is what can be told of the zoo's network of that name from its shapes alone, by the engine that is always there.
func Blueprint(network string) (b models.Blueprint, err error) {
	n, err := models.Get(network)
	if err != nil {
		return b, err
	}
	engine, err := Open("go", 0)
	if err != nil {
		return b, err
	}
	defer engine.Finalize()
	return n.Blueprint(engine)
}

// LoadModel makes the zoo's network of that name with weights from a PyTorch or safetensors file, the published ones for a network's name once they
// were pulled (see Pull), or the built-in ones for "" and BuiltIn.
func LoadModel(engine compute.Backend, network, file string) (*Model, error) {
	n, err := models.Get(network)
	if err != nil {
		return nil, err
	}
	if file, err = pretrained.Resolve(file); err != nil {
		return nil, err
	}
	content, err := readWeights(network, file)
	if err != nil {
		return nil, err
	}
	m, err := models.New(engine, n, 0)
	if err != nil {
		return nil, err
	}
	if err := m.SetWeights(content); err != nil {
		return nil, errors.WithMessagef(err, "weights %s", describeFile(file))
	}
	m.Provenance["weights"] = describeFile(file)
	return m, nil
}

// readWeights reads before the network is made, for an error about a file should not wait for that.
func readWeights(network, file string) (*weights.File, error) {
	if file != "" && file != BuiltIn {
		return weights.Read(file)
	}
	if network != builtin.Network {
		return nil, errors.Errorf("network %s has no built-in weights, only %s has: name a weight file%s", network, builtin.Network, publishedHint(network))
	}
	content, err := builtin.Weights()
	return content, errors.WithMessage(err, "built-in weights")
}

// publishedHint tells that there are published weights, where there are.
func publishedHint(network string) string {
	if _, err := pretrained.Get(network); err != nil {
		return ""
	}
	return fmt.Sprintf(", or the published weights by the name %s, after: lpq weights pull %s", network, network)
}

func describeFile(file string) string {
	if file == "" {
		return BuiltIn
	}
	return file
}
