package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/lowprec/lpnets/lpq/quant"
)

// ranges has the exponents of all quantized networks beside each other, and then each network's ranges.
func (r *Report) ranges() section {
	s := section{ID: "ranges", Title: "Ranges and exponents", Text: []string{
		"A value is a code times 2 to the exponent. Exponents of activations were found at calibration and stand in the network's file; those of weights follow " +
			"from the final weights by the run's rule."}}
	var quantized []*Run
	for _, o := range r.Runs {
		if o.network != nil && o.network.scheme.Quantized() {
			quantized = append(quantized, o)
		}
	}
	if len(quantized) == 0 {
		s.Text = []string{"No run has ended with a quantized network."}
	}
	for _, set := range sameSites(quantized) {
		if len(set) > 1 {
			s.add(&fold{Summary: "Exponents beside each other: " + names(set), Blocks: tables(weightExponents(set), activationExponents(set))})
		}
	}
	for _, o := range quantized {
		blocks := []block{{Table: o.weightRanges()}, {Table: o.activationRanges()}}
		blocks = slices.DeleteFunc(blocks, func(b block) bool { return len(b.Table.Rows) == 0 })
		if !o.network.known && len(o.network.activations) > 0 {
			blocks = append(blocks, block{Text: "The network is not one of the zoo, so which of its activations are signed, or at its ends, is not known here."})
		}
		s.add(&fold{Summary: fmt.Sprintf("Ranges of %s (%s)", o.Name, o.network.scheme), Blocks: blocks})
	}
	return s
}

func names(runs []*Run) string {
	all := make([]string, len(runs))
	for i, o := range runs {
		all[i] = o.Name
	}
	if len(all) > 4 {
		return fmt.Sprintf("%d networks", len(all))
	}
	return strings.Join(all, "; ")
}

// sameSites sorts runs by the places that are quantized.
func sameSites(runs []*Run) (sets [][]*Run) {
	place := map[string]int{}
	for _, o := range runs {
		var b strings.Builder
		for _, w := range o.network.weights {
			fmt.Fprintf(&b, "%q ", w.name)
		}
		for _, a := range o.network.activations {
			fmt.Fprintf(&b, "/ %q ", a.name)
		}
		i, ok := place[b.String()]
		if !ok {
			i = len(sets)
			place[b.String()] = i
			sets = append(sets, nil)
		}
		sets[i] = append(sets[i], o)
	}
	return sets
}

// weightExponents has a column for each run.
func weightExponents(runs []*Run) *table {
	return exponentTable("Exponents of the weights.", "weights", runs, len(runs[0].network.weights), func(o *Run, i int) (string, string) {
		w := o.network.weights[i]
		return w.name, exponentText(w.exponents)
	})
}

func activationExponents(runs []*Run) *table {
	return exponentTable("Exponents of the activations.", "activations", runs, len(runs[0].network.activations), func(o *Run, i int) (string, string) {
		a := o.network.activations[i]
		return a.name, exponentText([]int{a.format.Exponent})
	})
}

func exponentTable(caption, what string, runs []*Run, n int, at func(o *Run, i int) (name, exponent string)) *table {
	t := &table{Caption: caption, Columns: columns(what), Names: 1}
	for _, o := range runs {
		t.Columns = append(t.Columns, column{Name: o.Name, Number: true})
	}
	for i := range n {
		name, _ := at(runs[0], i)
		row := cells(name)
		for _, o := range runs {
			_, exponent := at(o, i)
			row = append(row, cell{Text: exponent})
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// exponentText is one exponent, or from which to which those of the channels go.
func exponentText(exponents []int) string {
	low, high := slices.Min(exponents), slices.Max(exponents)
	if low == high {
		return fmt.Sprint(low)
	}
	return fmt.Sprintf("%d to %d", low, high)
}

func (o *Run) weightRanges() *table {
	t := &table{Caption: "Weights of " + o.Name + ": the grid, and the float weights that are rounded to it.",
		Columns: columns("weights", "shape", "bits#", "exponent#", "step#", "grid to ±#", "least#", "greatest#", "clipped %#", "SQNR dB#")}
	for _, w := range o.network.weights {
		grid := quant.Format{Bits: w.bits, Signed: quant.Signed, Exponent: slices.Max(w.exponents)}
		_, limit := grid.Range()
		step, edge := number(grid.Step()), number(limit)
		if len(w.exponents) > 1 {
			step, edge = "", "" // each channel has its own
		}
		sqnr := "exact"
		if !math.IsInf(w.sqnr, 1) {
			sqnr = fmt.Sprintf("%.2f", w.sqnr)
		}
		t.Rows = append(t.Rows, cells(w.name, shapeText(w.shape), w.bits, exponentText(w.exponents), step, edge, number(w.low), number(w.high),
			fmt.Sprintf("%.2f", 100*w.outside), sqnr))
	}
	return t
}

func (o *Run) activationRanges() *table {
	t := &table{Caption: "Activations of " + o.Name + ", in the order of the layers; what lies outside the range is clipped.",
		Columns: columns("activations", "bits#", "kind", "exponent#", "step#", "least#", "greatest#")}
	if !o.network.known {
		t.Caption = "Activations of " + o.Name + ", by name."
	}
	for _, a := range o.network.activations {
		f := a.format
		if !o.network.known {
			t.Rows = append(t.Rows, cells(a.name, "", "", f.Exponent, number(f.Step()), "", ""))
			continue
		}
		sign := "unsigned"
		if f.Signed {
			sign = "signed"
		}
		low, high := f.Range()
		t.Rows = append(t.Rows, cells(a.name, f.Bits, sign, f.Exponent, number(f.Step()), number(low), number(high)))
	}
	return t.withoutEmpty()
}

func shapeText(shape []int) string {
	parts := make([]string, len(shape))
	for i, n := range shape {
		parts[i] = fmt.Sprint(n)
	}
	return strings.Join(parts, "×")
}

func number(x float64) string { return fmt.Sprintf("%.5g", x) }
