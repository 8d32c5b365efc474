package data

import (
	"slices"
	"testing"
)

// The first outputs of SplitMix64 seeded with 1234567, as rosettacode.org gives them for the generator of Steele et al.
func TestStreamIsSplitMix64(t *testing.T) {
	s := stream{1234567}
	want := []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821}
	for i, w := range want {
		if got := s.next(); got != w {
			t.Errorf("output %d: got %d, want %d", i, got, w)
		}
	}
}

func TestStreamsDiffer(t *testing.T) {
	seen := map[uint64][4]uint64{}
	for seed := range uint64(5) {
		for purpose := range uint64(5) {
			for a := range uint64(20) {
				for b := range uint64(20) {
					s, key := newStream(seed, purpose, a, b), [4]uint64{seed, purpose, a, b}
					if other, ok := seen[s.state]; ok {
						t.Fatalf("streams %v and %v are the same", key, other)
					}
					seen[s.state] = key
				}
			}
		}
	}
}

func TestBetweenReachesBothBounds(t *testing.T) {
	s, counts := newStream(1, 0, 0, 0), map[int]int{}
	for range 9000 {
		counts[s.between(-4, 4)]++
	}
	if len(counts) != 9 {
		t.Errorf("got values %v, want -4 to 4", counts)
	}
	for value, n := range counts {
		if n < 850 || n > 1150 { // 1000 ± 5 standard deviations of 30
			t.Errorf("value %d: drawn %d times of 9000, want about 1000", value, n)
		}
	}
}

func TestPermutation(t *testing.T) {
	const n, draws = 5, 12_000
	s, counts := newStream(1, 0, 0, 0), map[[n]int]int{}
	for range draws {
		order := s.permutation(n)
		counts[[n]int(order)]++
		slices.Sort(order)
		if !slices.Equal(order, []int{0, 1, 2, 3, 4}) {
			t.Fatalf("not a permutation: %v sorted", order)
		}
	}
	for order, got := range counts { // each of 120 orders 100 times, ± 5 standard deviations of 10
		if got < 50 || got > 150 {
			t.Errorf("order %v: drawn %d times of %d, want about 100", order, got, draws)
		}
	}
	if len(counts) != 120 {
		t.Errorf("got %d of 120 orders", len(counts))
	}
}

func TestLogUniform(t *testing.T) {
	s := newStream(1, 0, 0, 0)
	const draws = 20_000
	low := 0
	for range draws {
		x := logUniform(&s, 1000, 4000)
		if x < 1000 || x > 4000 {
			t.Fatalf("got %d, want 1000 to 4000", x)
		}
		if x < 2000 {
			low++
		}
	}
	if low < draws/2-400 || low > draws/2+400 { // half lie below the geometric mean, ± 5 standard deviations of 71
		t.Errorf("%d of %d below the geometric mean, want half", low, draws)
	}
}
