package optim_test

import (
	"math"
	"strings"
	"testing"

	"github.com/lowprec/lpnets/lpq/optim"
)

// near says whether two rates are equal but for rounding.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-12*math.Abs(b) }

func TestSchedules(t *testing.T) {
	const perEpoch, epochs, start, end = 10, 8, 1e-1, 1e-4
	const steps = perEpoch * epochs
	const peak = steps / 5              // of OneCycle
	factor := math.Pow(end/start, 1./3) // of one of Step's three
	for _, test := range []struct {
		kind optim.Kind
		want map[int]float64 // step -> rate
	}{
		{optim.Constant, map[int]float64{0: start, steps / 2: start, steps - 1: start}},
		{optim.Exponential, map[int]float64{0: start, steps / 2: math.Sqrt(start * end), steps: end}},
		{optim.ExponentialEpochs, map[int]float64{
			0: start, perEpoch - 1: start, steps/2 - 1: start * math.Pow(end/start, 3./8), steps / 2: math.Sqrt(start * end), steps: end}},
		{optim.Step, map[int]float64{
			0: start, steps/4 - 1: start, steps / 4: start * factor, steps / 2: start * factor * factor,
			3*steps/4 - 1: start * factor * factor, 3 * steps / 4: end, steps: end}},
		{optim.Cosine, map[int]float64{0: start, steps / 2: (start + end) / 2, steps: end}},
		{optim.OneCycle, map[int]float64{0: start / 25, peak / 2: start * 0.52, peak: start, (peak + steps) / 2: (start + end) / 2, steps: end}},
	} {
		t.Run(string(test.kind), func(t *testing.T) {
			s := optim.Schedule{Kind: test.kind, Start: start, End: end}
			if err := s.Validate(); err != nil {
				t.Fatal(err)
			}
			for step, want := range test.want {
				if got := s.Rate(step, perEpoch, epochs); !near(got, want) {
					t.Errorf("rate of step %d = %g, want %g", step, got, want)
				}
			}
			if got, want := s.Last(), s.Rate(steps, perEpoch, epochs); !near(got, want) {
				t.Errorf("last rate %g, want %g", got, want)
			}
			first := 1
			if test.kind == optim.OneCycle {
				first = peak + 1
			}
			for step := first; step < steps; step++ {
				last, rate := s.Rate(step-1, perEpoch, epochs), s.Rate(step, perEpoch, epochs)
				if rate > last || rate < end && !near(rate, end) {
					t.Errorf("rate of step %d = %g after %g, want it to fall towards %g", step, rate, last, end)
				}
			}
			for step := 1; step < first; step++ {
				if last, rate := s.Rate(step-1, perEpoch, epochs), s.Rate(step, perEpoch, epochs); rate <= last {
					t.Errorf("rate of step %d = %g after %g, want it to rise", step, rate, last)
				}
			}
		})
	}
}

// TestPaperSchedule is the recipe of the paper: 0.0015, times 0.936 after each of 110 epochs. 0.0015 * 0.936^110 = 1.0386e-6.
func TestPaperSchedule(t *testing.T) {
	const perEpoch, epochs = 5005, 110 // ImageNet at batch 256
	s := optim.Schedule{Kind: optim.ExponentialEpochs, Start: 1.5e-3, End: 1.0386e-6}
	for epoch := range epochs {
		want := 0.0015 * math.Pow(0.936, float64(epoch))
		for _, step := range []int{epoch * perEpoch, (epoch+1)*perEpoch - 1} {
			if got := s.Rate(step, perEpoch, epochs); math.Abs(got-want) > 1e-3*want {
				t.Errorf("epoch %d: rate %g, want %g within 0.1 %%", epoch, got, want)
			}
		}
	}
}

func TestScheduleErrors(t *testing.T) {
	for _, test := range []struct {
		name string
		s    optim.Schedule
		want string // empty: no error
	}{
		{"constant needs no end", optim.Schedule{Kind: optim.Constant, Start: 1}, ""},
		{"no kind", optim.Schedule{Start: 1, End: 1}, `no schedule ""`},
		{"unknown kind", optim.Schedule{Kind: "linear", Start: 1, End: 1}, `no schedule "linear"`},
		{"no start", optim.Schedule{Kind: optim.Constant}, "starts at 0"},
		{"negative start", optim.Schedule{Kind: optim.Cosine, Start: -1, End: 1}, "starts at -1"},
		{"start that is no number", optim.Schedule{Kind: optim.Constant, Start: math.NaN()}, "starts at NaN"},
		{"infinite start", optim.Schedule{Kind: optim.Step, Start: math.Inf(1), End: 1}, "starts at +Inf"},
		{"no end", optim.Schedule{Kind: optim.Exponential, Start: 1}, "ends at 0"},
		{"end that is no number", optim.Schedule{Kind: optim.ExponentialEpochs, Start: 1, End: math.NaN()}, "ends at NaN"},
		{"infinite end", optim.Schedule{Kind: optim.Exponential, Start: 1, End: math.Inf(1)}, "ends at +Inf"},
	} {
		err := test.s.Validate()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", test.name, err, test.want)
		}
	}
}
