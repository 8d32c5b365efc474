package models

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/quant"
	"github.com/lowprec/lpnets/lpq/weights"
)

// MetaPrefix begins the keys of metadata in our checkpoints that say how the network is run. Everything else in a file's metadata is provenance.
const MetaPrefix = "lpnets."

// Keys of metadata that every File has.
const (
	MetaNetwork   = MetaPrefix + "network"
	MetaScheme    = MetaPrefix + "scheme"    // quant.Scheme, JSON
	MetaExponents = MetaPrefix + "exponents" // activation name -> exponent, JSON
)

// ignoredSuffix ends the names of PyTorch's batch counters, which nothing needs.
const ignoredSuffix = "num_batches_tracked"

// oldName finds names in torchvision's DenseNet files, from a time when modules could have points in theirs: denselayer1.norm.1.weight is
// denselayer1.norm1.weight in the network.
var oldName = regexp.MustCompile(`(\.denselayer\d+\.(?:norm|conv))\.([12]\.)`)

// LoadFile reads weights from a PyTorch or safetensors file; from one of our own checkpoints also precision and exponents.
func (m *Model) LoadFile(path string) error {
	file, err := weights.Read(path)
	if err != nil {
		return err
	}
	if err := m.SetWeights(file); err != nil {
		return errors.WithMessagef(err, "weights %s", path)
	}
	if m.Provenance["weights"] == "" {
		m.Provenance["weights"] = path
	}
	return nil
}

// SetWeights takes over weights, and from one of our own checkpoints precision, exponents and provenance; another file gives a float
// network that is not calibrated. Every variable of the network must be there with its shape, and nothing else; otherwise an error says
// what differs and the model is unchanged.
func (m *Model) SetWeights(file *weights.File) error {
	if name := file.Metadata[MetaNetwork]; name != "" && name != m.Network.Name {
		return errors.Errorf("they belong to network %s, not %s", name, m.Network.Name)
	}
	values, err := m.match(file)
	if err != nil {
		return err
	}
	scheme, exponents, err := Precision(file.Metadata)
	if err != nil {
		return err
	}
	if err := m.checkExponents(exponents); err != nil {
		return err
	}
	for _, v := range m.variables() {
		if err := v.SetValue(values[v.Path()]); err != nil {
			return errors.WithMessagef(err, "setting %s", v.Path())
		}
	}
	m.drawn = false
	clear(m.Provenance)
	for key, value := range file.Metadata {
		if !strings.HasPrefix(key, MetaPrefix) {
			m.Provenance[key] = value
		}
	}
	if err := m.SetScheme(scheme); err != nil {
		return err
	}
	if err := m.keepExponents(exponents); err != nil {
		return err
	}
	return m.SetExponents(exponents)
}

// Precision reads scheme and exponents from a file's metadata; none gives float. It returns an error for what is not understood.
func Precision(metadata map[string]string) (scheme quant.Scheme, exponents map[string]int, err error) {
	for key, into := range map[string]any{MetaScheme: &scheme, MetaExponents: &exponents} {
		if text, ok := metadata[key]; ok {
			decoder := json.NewDecoder(strings.NewReader(text))
			decoder.DisallowUnknownFields() // what is not understood must not be ignored
			if err := decoder.Decode(into); err != nil {
				return scheme, nil, errors.Wrapf(err, "metadata %s", key)
			}
		}
	}
	return scheme, exponents, scheme.Validate()
}

// variables are the network's own, without the exponents of its quantizers, in the order of the layers.
func (m *Model) variables() []*model.Variable { return variablesOf(m.Store) }

func variablesOf(store *model.Store) (own []*model.Variable) {
	for v := range store.Scope(rootPath).IterVariables() {
		if v.DType() == dtypes.Float32 {
			own = append(own, v)
		}
	}
	return own
}

// match makes a tensor for every variable of the network from the file's, by path.
func (m *Model) match(file *weights.File) (map[string]*tensors.Tensor, error) {
	unused := make(map[string]weights.Tensor, len(file.Tensors))
	for _, t := range file.Tensors {
		if !strings.HasSuffix(t.Name, ignoredSuffix) {
			unused[oldName.ReplaceAllString(t.Name, "$1$2")] = t
		}
	}
	values, missing := map[string]*tensors.Tensor{}, []string(nil)
	for _, v := range m.variables() {
		name := NameOf(v.Path())
		t, ok := unused[name]
		if !ok {
			missing = append(missing, name)
			continue
		}
		delete(unused, name)
		flat, err := t.Float32s()
		if err != nil {
			return nil, err
		}
		want := fileShape(v.Shape().Dimensions)
		if !slices.Equal(t.Shape, want) {
			return nil, errors.Errorf("%s is %v, network %s wants %v%s", name, t.Shape, m.Network.Name, want, m.classesHint(t.Shape, want))
		}
		values[v.Path()] = tensors.FromFlatDataAndDimensions(fromFileOrder(flat, t.Shape), v.Shape().Dimensions...)
	}
	if len(missing) > 0 || len(unused) > 0 {
		return nil, errors.Errorf("they do not fit network %s: %s", m.Network.Name,
			joinNonEmpty(some("missing", missing), some("not in the network", slices.Sorted(maps.Keys(unused)))))
	}
	return values, nil
}

// classesHint explains a shape that differs only in the number of classes.
func (m *Model) classesHint(got, want []int) string {
	if len(got) == len(want) && want[0] == m.Network.Classes && got[0] != want[0] && slices.Equal(got[1:], want[1:]) {
		return fmt.Sprintf(" (the weights are for %d classes, the network has %d)", got[0], want[0])
	}
	return ""
}

// some lists a few names of many.
func some(what string, names []string) string {
	const shown = 3
	switch {
	case len(names) == 0:
		return ""
	case len(names) > shown:
		return fmt.Sprintf("%s: %s and %d more", what, strings.Join(names[:shown], ", "), len(names)-shown)
	}
	return what + ": " + strings.Join(names, ", ")
}

func joinNonEmpty(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "; ")
}

// File returns the model's weights under PyTorch's names and in its layout, with precision, exponents and provenance as metadata.
func (m *Model) File() (*weights.File, error) {
	exponents, err := m.Exponents()
	if err != nil {
		return nil, err
	}
	file := &weights.File{Metadata: maps.Clone(m.Provenance)}
	file.Metadata[MetaNetwork] = m.Network.Name
	for key, value := range map[string]any{MetaScheme: m.scheme, MetaExponents: exponents} {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, errors.Wrapf(err, "metadata %s", key)
		}
		file.Metadata[key] = string(text)
	}
	for _, v := range m.variables() {
		value, err := v.Value()
		if err != nil {
			return nil, errors.WithMessagef(err, "reading %s", v.Path())
		}
		flat, err := tensors.CopyFlatData[float32](value)
		if err != nil {
			return nil, errors.WithMessagef(err, "reading %s", v.Path())
		}
		dims := v.Shape().Dimensions
		t, err := weights.NewFloat32(NameOf(v.Path()), fileShape(dims), toFileOrder(flat, dims))
		if err != nil {
			return nil, err
		}
		file.Tensors = append(file.Tensors, t)
	}
	return file, nil
}

// Save writes the model's File; the format follows from the extension (.safetensors, .pth, .pt, .th).
func (m *Model) Save(path string) error {
	file, err := m.File()
	if err != nil {
		return err
	}
	return weights.Write(path, file)
}
