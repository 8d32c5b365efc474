package convergence

import (
	"cmp"
	"fmt"
	"strings"
)

// reach is when a run reached a training loss.
type reach struct {
	steps   int  // when it did, or all it had
	reached bool // not: it takes more than steps
	at      bool // false: it was there in the first window, so it takes steps at most
}

// reach returns the first step at which the mean over the window is below the loss.
func (t trajectory) reach(loss float64) reach {
	for i, l := range t.loss {
		if l < loss {
			return reach{i + t.window, true, i > 0}
		}
	}
	return reach{steps: len(t.steps)}
}

func (r reach) String() string {
	switch {
	case !r.reached:
		return fmt.Sprintf("> %d", r.steps)
	case !r.at:
		return fmt.Sprintf("≤ %d", r.steps)
	}
	return fmt.Sprint(r.steps)
}

// compare is negative if a was faster than b, positive if it was slower, and 0 if that cannot be told, or they were equal.
func (a reach) compare(b reach) int {
	switch {
	case a.reached && b.reached && (a.at || b.at):
		return cmp.Compare(a.steps, b.steps)
	case a.reached && !b.reached && a.steps <= b.steps:
		return -1
	case b.reached && !a.reached && b.steps <= a.steps:
		return 1
	}
	return 0
}

// ladder is the training losses, in nats, of which those that tell runs apart are shown.
var ladder = []float64{0.12, 0.18, 0.25, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.4}

// levels are those of the ladder that some run reached, and not all runs in their first window, the largest first. Where all runs did the same at two of them, the smaller one says it.
func levels(all []family) (levels []float64) {
	before := ""
	for _, loss := range ladder {
		what, reached, later := "", false, false
		for _, f := range all {
			for _, t := range f.runs {
				r := t.reach(loss)
				what, reached, later = what+r.String()+"\n", reached || r.reached, later || !r.reached || r.at
			}
		}
		if reached && later && what != before {
			levels = append([]float64{loss}, levels...)
		}
		before = what
	}
	return levels
}

// order counts how often the bound orders two runs as they were.
type order struct {
	right, silent int // silent: the runs do not tell
	wrong         []string
	// Ratios of the slower run, by the bound, to the faster: as the bound has it, and as it was where both reached the loss on their way.
	bound, measured span
}

// span is the smallest and largest of some numbers.
type span struct{ low, high float64 }

func (s *span) add(x float64) {
	if s.high == 0 {
		*s = span{x, x}
	}
	s.low, s.high = min(s.low, x), max(s.high, x)
}

func (s span) String() string {
	if low, high := digits(s.low), digits(s.high); low != high {
		return low + " to " + high
	}
	return digits(s.low)
}

// count compares the pairs of runs that are alike but for one thing.
func (o *order) count(f family, levels []float64, alike func(a, b trajectory) bool) error {
	for i, a := range f.runs {
		for _, b := range f.runs[:i] {
			if !alike(a, b) {
				continue
			}
			for _, loss := range levels {
				if err := o.add(f, a, b, loss); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// add compares two runs.
func (o *order) add(f family, fast, slow trajectory, loss float64) error {
	few, err := fast.bound(f.smoothness, loss)
	if err != nil {
		return err
	}
	many, err := slow.bound(f.smoothness, loss)
	if err != nil {
		return err
	}
	if few > many {
		fast, slow, few, many = slow, fast, many, few
	}
	a, b := fast.reach(loss), slow.reach(loss)
	if few > 0 {
		o.bound.add(many / few)
	}
	if a.at && b.at {
		o.measured.add(float64(b.steps) / float64(a.steps))
	}
	switch c := a.compare(b); {
	case c < 0:
		o.right++
	case c > 0:
		o.wrong = append(o.wrong, fmt.Sprintf("to %g nats %s took %s steps, and %s %s", loss, fast.name(), a, slow.name(), b))
	default:
		o.silent++
	}
	return nil
}

// maxListed is how many contradictions are listed.
const maxListed = 5

// verdict says what was found.
func (o order) verdict(what string) string {
	told := o.right + len(o.wrong)
	if told == 0 {
		return fmt.Sprintf("Order of %s: no comparison tells.", what)
	}
	text := fmt.Sprintf("Order of %s: observed as the bound has it in %d of %d comparisons", what, o.right, told)
	if o.silent > 0 {
		text += fmt.Sprintf(" (%d more do not tell)", o.silent)
	}
	if more := o.bound.high - 1; more < 0.05 {
		text += fmt.Sprintf(". By the bound the slower one takes no more than %.2g %% more iterations", 100*more)
	} else {
		text += fmt.Sprintf(". By the bound the slower one takes %s times the iterations", o.bound)
	}
	if o.measured.high > 0 {
		text += fmt.Sprintf("; measured, where both reached the loss on their way, %s times", o.measured)
	}
	text += "."
	if listed := min(len(o.wrong), maxListed); listed > 0 {
		text += " Contradicted: " + strings.Join(o.wrong[:listed], "; ")
		if more := len(o.wrong) - listed; more > 0 {
			text += fmt.Sprintf("; and %d more", more)
		}
		text += "."
	}
	return text
}
