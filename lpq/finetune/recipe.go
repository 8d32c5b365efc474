package finetune

import (
	"math"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/calib"
	"github.com/lowprec/lpnets/lpq/data"
	"github.com/lowprec/lpnets/lpq/optim"
	"github.com/lowprec/lpnets/lpq/quant"
)

// Recipe is everything that decides how a network is trained, but the data and the seed.
type Recipe struct {
	Name string `json:"name"`
	// Scheme is the precision: w4a4, w8a8, fp32. Weights' exponents follow WeightRule (empty: the paper's maximum).
	Scheme     string     `json:"scheme"`
	WeightRule quant.Rule `json:"weight_rule,omitempty"`
	// Calibration finds the activations' exponents before the first step, unless the model has them already, in this precision and with this rule
	// for the weights.
	Calibration calib.Choice `json:"calibration,omitzero"`

	Epochs      int            `json:"epochs"`
	Batch       int            `json:"batch"`
	Rate        optim.Schedule `json:"rate"`
	Momentum    float64        `json:"momentum"`
	Nesterov    bool           `json:"nesterov,omitempty"`
	WeightDecay float64        `json:"weight_decay"`
	Augment     data.Augment   `json:"augment,omitzero"`
	// Reestimate takes batch normalization's statistics anew after every epoch, as plain means over so many training batches
	// (Model.Reestimate): at 4 bits they fit the network at the end better. 0 keeps the moving averages.
	Reestimate int `json:"reestimate,omitempty"`

	// About says what the recipe is for, in one line.
	About string `json:"-"`
}

// recipes are the paper's ("FAQ", section 3) and what we found good on CIFAR-10 sized problems on a CPU.
var recipes = []Recipe{
	{
		Name: "faq8", About: "8 bits as in the paper: one epoch at a small constant rate",
		Scheme: "w8a8", Epochs: 1, Batch: 256, Rate: optim.Schedule{Kind: optim.Constant, Start: 1e-4},
		Momentum: 0.9, WeightDecay: 1e-4, Augment: data.CIFARAugment,
	}, {
		// 0.0015 * 0.936^110 = 1.0386e-6
		Name: "faq4", About: "4 bits as in the paper: 110 epochs, the rate times 0.936 after each",
		Scheme: "w4a4", Epochs: 110, Batch: 256, Rate: optim.Schedule{Kind: optim.ExponentialEpochs, Start: 1.5e-3, End: 1.0386e-6},
		Momentum: 0.9, WeightDecay: 1e-4, Augment: data.CIFARAugment,
	}, {
		Name: "cifar8", About: "8 bits for CIFAR-sized problems: one epoch, batch 128",
		Scheme: "w8a8", Epochs: 1, Batch: 128, Rate: optim.Schedule{Kind: optim.Constant, Start: 1e-4},
		Momentum: 0.9, WeightDecay: 1e-4, Augment: data.CIFARAugment,
	}, {
		Name: "cifar4", About: "4 bits, the paper's exponents, few epochs",
		Scheme: "w4a4", Epochs: 3, Batch: 128, Rate: optim.Schedule{Kind: optim.Exponential, Start: 1.5e-3, End: 1e-5},
		Momentum: 0.9, WeightDecay: 0.5e-4, Augment: data.CIFARAugment,
	}, {
		Name: "cifar4mse", About: "4 bits, exponents of least squared error: better than cifar4 by two points after few epochs",
		Scheme: "w4a4", WeightRule: quant.RuleMSE, Calibration: calib.Choice{Method: calib.MSE}, Epochs: 3, Batch: 128,
		Rate:     optim.Schedule{Kind: optim.Exponential, Start: 1.5e-3, End: 1e-5},
		Momentum: 0.9, WeightDecay: 0.5e-4, Augment: data.CIFARAugment,
	}, {
		Name: "cifar4long", About: "4 bits, exponents of least squared error, 20 epochs at a large rate along half a cosine: level with the fp32 network it starts from",
		Scheme: "w4a4", WeightRule: quant.RuleMSE, Calibration: calib.Choice{Method: calib.MSE}, Epochs: 20, Batch: 128,
		Rate:     optim.Schedule{Kind: optim.Cosine, Start: 3e-2, End: 1e-4},
		Momentum: 0.9, WeightDecay: 0.5e-4, Augment: data.CIFARAugment, Reestimate: 50,
	}, {
		Name: "demo8", About: "8 bits for the built-in images",
		Scheme: "w8a8", Epochs: 1, Batch: 128, Rate: optim.Schedule{Kind: optim.Constant, Start: 1e-3},
		Momentum: 0.9, WeightDecay: 1e-4, Augment: data.CIFARAugment,
	}, {
		Name: "demo4", About: "4 bits for the built-in images",
		Scheme: "w4a4", WeightRule: quant.RuleMSE, Calibration: calib.Choice{Method: calib.MSE}, Epochs: 5, Batch: 64,
		Rate:     optim.Schedule{Kind: optim.Cosine, Start: 6e-2, End: 1e-4},
		Momentum: 0.9, WeightDecay: 1e-4, Augment: data.CIFARAugment,
	}, {
		Name: "control", About: "fp32 fine-tuned like cifar4: what fine-tuning alone does",
		Scheme: "fp32", Epochs: 3, Batch: 128, Rate: optim.Schedule{Kind: optim.Exponential, Start: 1.5e-3, End: 1e-5},
		Momentum: 0.9, WeightDecay: 0.5e-4, Augment: data.CIFARAugment,
	}, {
		Name: "scratch", About: "fp32 from a random start",
		Scheme: "fp32", Epochs: 30, Batch: 128, Rate: optim.Schedule{Kind: optim.OneCycle, Start: 0.2, End: 1e-5},
		Momentum: 0.9, Nesterov: true, WeightDecay: 1e-4, Augment: data.CIFARAugment,
	},
}

// Recipes lists all recipes.
func Recipes() []Recipe { return slices.Clone(recipes) }

// Get returns the recipe of that name, or an error that lists those there are.
func Get(name string) (Recipe, error) {
	var names []string
	for _, r := range recipes {
		if r.Name == name {
			return r, nil
		}
		names = append(names, r.Name)
	}
	return Recipe{}, errors.Errorf("no recipe %q; there are %s", name, strings.Join(names, ", "))
}

// For is the recipe for training on a data set: photographs that the recipe would pad, as small images are, are cropped and resized at random instead
// (data.ImageNetAugment). Other augmentations stay.
func (r Recipe) For(train data.Dataset) Recipe {
	if r.Augment == data.CIFARAugment {
		r.Augment = data.DefaultAugment(train)
	}
	return r
}

// Precision is the recipe's scheme, parsed.
func (r Recipe) Precision() (quant.Scheme, error) {
	scheme, err := quant.ParseScheme(r.Scheme)
	scheme.WeightRule = r.WeightRule
	if err != nil {
		return scheme, err
	}
	return scheme, scheme.Validate()
}

// Validate returns an error that names the field that is out of range.
func (r Recipe) Validate() error {
	if _, err := r.Precision(); err != nil {
		return err
	}
	switch {
	case r.Epochs < 1:
		return errors.Errorf("recipe %s: %d epochs; want one or more", r.Name, r.Epochs)
	case r.Batch < 2:
		return errors.Errorf("recipe %s: batch of %d; want two or more, for batch normalization", r.Name, r.Batch)
	case !(r.Momentum >= 0 && r.Momentum < 1):
		return errors.Errorf("recipe %s: momentum %v; want 0 to below 1", r.Name, r.Momentum)
	case !(r.WeightDecay >= 0) || math.IsInf(r.WeightDecay, 0):
		return errors.Errorf("recipe %s: weight decay %v; want 0 or more", r.Name, r.WeightDecay)
	case r.Reestimate < 0:
		return errors.Errorf("recipe %s: batch-norm statistics of %d batches; want 0 or more", r.Name, r.Reestimate)
	}
	if err := r.Calibration.Validate(); err != nil {
		return err
	}
	return errors.WithMessagef(r.Rate.Validate(), "recipe %s", r.Name)
}
