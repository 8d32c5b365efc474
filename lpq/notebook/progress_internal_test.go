package notebook

import (
	"strings"
	"testing"
	"time"
)

// clockedProgress returns a progress line whose time the test sets, in seconds, and what it shows.
func clockedProgress(total int) (p *Progress, at func(seconds float64), shown *[]string) {
	origin := time.Unix(0, 0)
	now := origin
	shown = new([]string)
	p = &Progress{label: "train", total: total, every: time.Second, start: origin, now: func() time.Time { return now },
		show: func(line progressLine, _ bool) { *shown = append(*shown, line.text) }}
	return p, func(seconds float64) { now = origin.Add(time.Duration(seconds * float64(time.Second))) }, shown
}

func TestProgressForetellsTheEnd(t *testing.T) {
	p, at, shown := clockedProgress(100)
	at(2)
	p.Update(1, "")
	at(2.5)
	p.Update(2, "too soon to show")
	at(20)
	p.Update(10, "loss 0.5")
	at(200)
	p.Update(100, "loss 0.1")
	p.Close()
	want := []string{
		"  1 % · 1/100 · 0:02 · ETA 3:18",
		" 10 % · 10/100 · loss 0.5 · 0:20 · ETA 3:00",
		"100 % · 100/100 · loss 0.1 · 3:20",
		"100 % · 100/100 · loss 0.1 · 3:20",
	}
	compare(t, *shown, want)
}

// An action that resumes at step 900 has done one step in its first second, not 900.
func TestProgressAfterAResume(t *testing.T) {
	p, at, shown := clockedProgress(4500)
	at(1)
	p.Update(901, "")
	compare(t, *shown, []string{" 20 % · 901/4500 · 0:01 · ETA 59:59"})
	at(3601)
	p.Close()
	compare(t, (*shown)[1:], []string{" 20 % · 901/4500 · 1:00:01"})
}

func TestProgressOfUnknownLength(t *testing.T) {
	p, at, shown := clockedProgress(0)
	at(61)
	p.Update(7, "files")
	p.Close()
	compare(t, *shown, []string{"7 · files · 1:01", "7 · files · 1:01"})
}

func compare(t *testing.T, got, want []string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("shown\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTerminalLineCoversTheOneBefore(t *testing.T) {
	var out strings.Builder
	show := inTerminal(&out)
	show(progressLine{label: "train", text: "50 % · a long note", done: 1, total: 2}, false)
	show(progressLine{label: "train", text: "100 %", done: 2, total: 2}, true)
	want := "\rtrain ████████████░░░░░░░░░░░░ 50 % · a long note" +
		"\rtrain ████████████████████████ 100 %             \n"
	if out.String() != want {
		t.Errorf("wrote %q\nwant  %q", out.String(), want)
	}
}

func TestLooksNumeric(t *testing.T) {
	for cell, want := range map[string]bool{
		"91.73": true, "-0.5": true, "−0.5": true, "+1": true, "1e-5": true, "91.2 ± 0.5": true, "93 %": true, "12%": true, "1.2x": true, "": true, "–": true,
		"1 078 000": true, "< 0.1": false, "W4A4": false, "fp32": false, "layer1.0": false, "%": false, "3/4": false,
	} {
		if got := looksNumeric(cell); got != want {
			t.Errorf("looksNumeric(%q) = %v, want %v", cell, got, want)
		}
	}
}
