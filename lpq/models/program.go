package models

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/core/tensors/dtensor"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/pkg/errors"
)

// Program runs one graph over a model's variables. On a backend with several devices the batch is split among them and everything else
// copied to each; results are those of the whole batch, batch statistics too.
type Program struct {
	exec    *model.Exec
	devices *devices
	batched []bool
}

// devices says how tensors lie on several devices; nil stands for a single one.
type devices struct {
	mesh         *distributed.DeviceMesh
	split, whole *distributed.ShardingSpec
}

// newDevices is the layout on all of a backend's devices. A model has one, for its variables keep it.
func newDevices(backend compute.Backend) (*devices, error) {
	n := backend.NumDevices()
	if n <= 1 {
		return nil, nil
	}
	const axis = "batch"
	mesh, err := distributed.NewDeviceMesh([]int{n}, []string{axis})
	if err != nil {
		return nil, err
	}
	split, err := distributed.BuildSpec(mesh).S(axis).Done()
	if err != nil {
		return nil, err
	}
	return &devices{mesh: mesh, split: split, whole: distributed.NewReplicatedShardingSpec(mesh)}, nil
}

// NumDevices is on how many devices the model runs. Batches must be a multiple of it.
func (m *Model) NumDevices() int {
	if m.devices == nil {
		return 1
	}
	return m.devices.mesh.NumDevices()
}

// NewProgram prepares a graph function of model.NewExec for a model. batched says of each input whether its first axis is the batch. It is
// compiled at the first Call, anew for other shapes.
func NewProgram[F model.ExecGraphFn](m *Model, fn F, batched ...bool) (*Program, error) {
	exec, err := model.NewExec(m.Backend, m.Store, fn)
	if err != nil || m.devices == nil {
		return &Program{exec: exec, batched: batched}, err
	}
	specs := make([]*distributed.ShardingSpec, len(batched))
	for i, split := range batched {
		specs[i] = m.devices.spec(split)
	}
	exec.AutoSharding(m.devices.mesh).WithInputShardingSpecs(specs...).WithOutputShardingSpecs(m.devices.whole)
	return &Program{exec: exec, devices: m.devices, batched: batched}, nil
}

func (d *devices) spec(split bool) *distributed.ShardingSpec {
	if split {
		return d.split
	}
	return d.whole
}

// Call runs the graph and returns its outputs, whole. The arguments stay the caller's.
func (p *Program) Call(args ...*tensors.Tensor) ([]*tensors.Tensor, error) {
	inputs := make([]any, len(args))
	for i, arg := range args {
		inputs[i] = arg
		if p.devices == nil {
			continue
		}
		if n := p.devices.mesh.NumDevices(); p.batched[i] && arg.Shape().Dimensions[0]%n != 0 {
			return nil, errors.Errorf("a batch of %d on %d devices; want a multiple", arg.Shape().Dimensions[0], n)
		}
		sharded, err := dtensor.ShardTensor(p.devices.spec(p.batched[i]), arg)
		if err != nil {
			return nil, err
		}
		defer func() { _ = sharded.FinalizeAll() }() // frees memory early
		inputs[i] = sharded
	}
	out, err := p.exec.Exec(inputs...)
	if err != nil || p.devices == nil {
		return out, err
	}
	first := len(out) / p.devices.mesh.NumDevices() // each device returns the same
	for _, copied := range out[first:] {
		_ = copied.FinalizeAll() // frees memory early
	}
	return out[:first], nil
}

// Close frees the compiled graphs.
func (p *Program) Close() { p.exec.Finalize() }
