package lpq

import (
	"context"

	"github.com/lowprec/lpnets/lpq/notebook"
	"github.com/lowprec/lpnets/lpq/pretrained"
	"github.com/lowprec/lpnets/lpq/weights"
)

// Pull fetches the weights that were published for a network into the user's cache, with progress, and returns the file's path; LoadModel then takes
// the network's name for them. Weights that are there already are not fetched again.
func Pull(ctx context.Context, network string, options pretrained.Options) (string, error) {
	var progress *notebook.Progress
	told := options.Progress
	options.Progress = func(done, total int64) {
		if progress == nil {
			progress = notebook.NewProgress("pull " + network)
		}
		progress.Update(int(done/1000), int(total/1000), "kB")
		if told != nil {
			told(done, total)
		}
	}
	defer func() {
		if progress != nil {
			progress.Close()
		}
	}()
	return pretrained.Pull(ctx, network, options)
}

// ReadWeights reads a PyTorch or safetensors file, or the published weights of the network of that name once they were pulled.
func ReadWeights(name string) (*weights.File, error) {
	path, err := pretrained.Resolve(name)
	if err != nil {
		return nil, err
	}
	return weights.Read(path)
}
