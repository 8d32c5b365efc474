package lpq

import (
	"math"

	"github.com/pkg/errors"

	"github.com/lowprec/lpnets/lpq/models"
	"github.com/lowprec/lpnets/lpq/plot"
	"github.com/lowprec/lpnets/lpq/quant"
)

// RangesFigure shows, layer by layer, the largest magnitude among the float weights and where the grids of models in several precisions end; what lies outside is
// clipped. The models are one network with the same float weights. It returns an error for a layer that stays float, or whose channels have grids of their own.
func RangesFigure(title string, quantized ...*Model) (*plot.Figure, error) {
	if len(quantized) == 0 {
		return nil, errors.Errorf("figure %q: no networks", title)
	}
	file, err := quantized[0].File()
	if err != nil {
		return nil, err
	}
	largest := plot.Series{Name: "largest weight"}
	for _, site := range quantized[0].Weights() {
		tensor, _ := file.Lookup(site.Name)
		values, err := tensor.Float32s()
		if err != nil {
			return nil, err
		}
		var magnitude float64
		for _, x := range values {
			magnitude = max(magnitude, math.Abs(float64(x)))
		}
		largest.Y = append(largest.Y, math.Log2(magnitude))
	}
	all := []plot.Series{largest}
	for _, m := range quantized {
		ends, err := gridEnds(m)
		if err != nil {
			return nil, err
		}
		all = append(all, ends)
	}
	for i := range all {
		for layer := range all[i].Y {
			all[i].X = append(all[i].X, float64(layer+1))
		}
	}
	return plot.Lines(title, "layer, from the image on", "log2 of the magnitude", all...), nil
}

// gridEnds has the largest value of each layer's grid, as a power of two.
func gridEnds(m *models.Model) (plot.Series, error) {
	series := plot.Series{Name: "end of " + m.Scheme().String() + "'s grid"}
	exponents, err := m.WeightExponents()
	if err != nil {
		return series, err
	}
	for _, site := range m.Weights() {
		found := exponents[site.Name]
		if len(found) != 1 {
			return series, errors.Errorf("%s in %s has %d grids, the figure shows one", site.Name, m.Scheme(), len(found))
		}
		f := quant.Format{Bits: m.Scheme().Weights(site.Edge), Signed: quant.Signed, Exponent: found[0]}
		_, high := f.Range()
		series.Y = append(series.Y, math.Log2(high))
	}
	return series, nil
}
