package lpq_test

import (
	"strings"
	"testing"

	"github.com/lowprec/lpnets/internal/testbackend"
	"github.com/lowprec/lpnets/lpq"
	"github.com/lowprec/lpnets/lpq/builtin"
	"github.com/lowprec/lpnets/lpq/quant"
)

func TestRangesFigure(t *testing.T) {
	m, err := lpq.LoadModel(testbackend.Go(t), builtin.Network, lpq.BuiltIn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lpq.RangesFigure("ranges", m); err == nil || !strings.Contains(err.Error(), "conv1.weight in fp32 has 0 grids") {
		t.Errorf("fp32: error %v", err)
	}
	if _, err := lpq.RangesFigure("ranges"); err == nil || !strings.Contains(err.Error(), "no networks") {
		t.Errorf("nothing: error %v", err)
	}
	scheme, err := quant.ParseScheme("w4a4")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SetScheme(scheme); err != nil {
		t.Fatal(err)
	}
	f, err := lpq.RangesFigure("ranges", m)
	if err != nil {
		t.Fatal(err)
	}
	svg, err := f.SVG()
	if err != nil || !strings.Contains(string(svg), ">largest weight<") {
		t.Errorf("error %v, or no legend", err)
	}
	if want := `Figure "ranges" (7 x 4 in): largest weight, end of w4a4's grid`; f.String() != want {
		t.Errorf("%s, want %s", f, want)
	}
}
