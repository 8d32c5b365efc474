package notebook

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lowprec/lpnets/lpq/plot"
)

// recorder is a display that keeps what it is told.
type recorder []string

func (r *recorder) show(line progressLine, _ bool) { *r = append(*r, line.text) }
func (r *recorder) log(line string)                { *r = append(*r, line) }
func (r *recorder) draw(figure func() *plot.Figure) {
	if f := figure(); f != nil {
		*r = append(*r, f.Title())
	}
}

// clockedProgress returns a progress line whose time the test sets, in seconds, and what it shows.
func clockedProgress() (p *Progress, at func(seconds float64), shown *recorder) {
	now := time.Unix(0, 0)
	shown = new(recorder)
	p = begin("train", shown, time.Second, func() time.Time { return now })
	return p, func(seconds float64) { now = time.Unix(0, 0).Add(time.Duration(seconds * float64(time.Second))) }, shown
}

func TestProgressForetellsTheEnd(t *testing.T) {
	p, at, shown := clockedProgress()
	at(2)
	p.Update(1, 100, "")
	at(2.5)
	p.Update(2, 100, "too soon to show")
	at(20)
	p.Update(10, 100, "loss 0.5")
	p.Log("epoch 1")
	at(200)
	p.Update(100, 100, "loss 0.1")
	p.Close()
	p.Update(1, 1, "never shown")
	want := []string{
		"…",
		"  1 % · 1/100 · 0:02",
		" 10 % · 10/100 · 0:20 · ETA 3:00 · loss 0.5",
		"epoch 1",
		"100 % · 100/100 · 3:20 · loss 0.1",
		"100 % · 100/100 · 3:20 · loss 0.1",
	}
	compare(t, *shown, want)
}

func TestProgressFlush(t *testing.T) {
	p, at, shown := clockedProgress()
	at(0.1)
	p.Update(0, 3, "a long step")
	p.Flush()
	p.Close()
	p.Flush()
	compare(t, *shown, []string{"…", "  0 % · 0/3 · 0:00 · a long step", "  0 % · 0/3 · 0:00 · a long step"})
}

// An action that resumes at step 900 has done one step in its fourth second, not 901.
func TestProgressAfterAResume(t *testing.T) {
	p, at, shown := clockedProgress()
	at(3)
	p.Update(900, 4500, "")
	at(4)
	p.Update(901, 4500, "")
	compare(t, *shown, []string{"…", " 20 % · 900/4500 · 0:03", " 20 % · 901/4500 · 0:04 · ETA 59:59"})
	at(3601)
	p.Close()
	compare(t, (*shown)[3:], []string{" 20 % · 901/4500 · 1:00:01"})
}

func TestProgressOfUnknownLength(t *testing.T) {
	p, at, shown := clockedProgress()
	at(61)
	p.Update(7, 0, "files")
	p.Close()
	compare(t, *shown, []string{"…", "7 · 1:01 · files", "7 · 1:01 · files"})
}

// A figure is drawn with the first update, then every two seconds, and once more at the end.
func TestProgressDraws(t *testing.T) {
	p, at, shown := clockedProgress()
	drawn := 0
	p.Figure(func() *plot.Figure {
		drawn++
		if drawn == 1 {
			return nil // nothing yet
		}
		return plot.Lines(fmt.Sprint("figure ", drawn), "step", "loss", plot.Series{Y: []float64{1}})
	})
	for i, seconds := range []float64{1, 2, 3, 4} {
		at(seconds)
		p.Update(i+1, 4, "")
	}
	p.Close()
	compare(t, *shown, []string{"…", " 25 % · 1/4 · 0:01", " 50 % · 2/4 · 0:02 · ETA 0:02", "figure 2", " 75 % · 3/4 · 0:03 · ETA 0:01",
		"100 % · 4/4 · 0:04", "figure 3", "100 % · 4/4 · 0:04"})
}

func compare(t *testing.T, got, want []string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("shown\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTerminalKeepsToOneLine(t *testing.T) {
	var out strings.Builder
	d := &terminalDisplay{out: &out, columns: func() int { return 40 }}
	d.show(progressLine{label: "train", text: begun}, false)
	d.show(progressLine{label: "train", text: "50 % · a note", done: 1, total: 2}, false)
	d.show(progressLine{label: "train", text: "75 % · a note that wants more than the room", done: 3, total: 4}, false)
	d.log("epoch 1: loss 0.5")
	d.show(progressLine{label: "train", text: "100 %", done: 2, total: 2}, true)
	d.log("after the end")
	want := "\r\x1b[Ktrain …" +
		"\r\x1b[Ktrain █████████░░░░░░░░░░ 50 % · a note" +
		"\r\x1b[Ktrain 75 % · a note that wants more tha" +
		"\r\x1b[Kepoch 1: loss 0.5\ntrain 75 % · a note that wants more tha" +
		"\r\x1b[Ktrain ████████████████████████ 100 %\n" +
		"\r\x1b[Kafter the end\n"
	if out.String() != want {
		t.Errorf("wrote %q\nwant  %q", out.String(), want)
	}
}

// In a log an action that takes an hour leaves a line every ten seconds, one that takes a moment none.
func TestLog(t *testing.T) {
	var out strings.Builder
	now := time.Unix(0, 0)
	for _, seconds := range []int{9, 35, 20} {
		p := begin("train", &logDisplay{out: &out}, logInterval, func() time.Time { return now })
		for i := range seconds {
			now = now.Add(time.Second)
			p.Update(i+1, seconds, "")
		}
		p.Log("epoch 1")
		p.Close()
	}
	want := "epoch 1\n" +
		"train  29 % · 10/35 · 0:10 · ETA 0:25\n" +
		"train  57 % · 20/35 · 0:20 · ETA 0:15\n" +
		"train  86 % · 30/35 · 0:30 · ETA 0:05\n" +
		"epoch 1\n" +
		"train 100 % · 35/35 · 0:35\n" +
		"train  50 % · 10/20 · 0:10 · ETA 0:10\n" +
		"train 100 % · 20/20 · 0:20\n" +
		"epoch 1\n"
	if out.String() != want {
		t.Errorf("wrote\n%swant\n%s", out.String(), want)
	}
}

func TestLooksNumeric(t *testing.T) {
	for cell, want := range map[string]bool{
		"91.73": true, "-0.5": true, "−0.5": true, "+1": true, "1e-5": true, "91.2 ± 0.5": true, "93 %": true, "12%": true, "1.2x": true, "": true, "–": true,
		"1 078 000": true, "< 1e-300": true, "≤ 3": true, "> 62": true, "<= 3": true, "< w4a4": false, ">": false, "W4A4": false, "fp32": false, "layer1.0": false, "%": false, "3/4": false,
	} {
		if got := looksNumeric(cell); got != want {
			t.Errorf("looksNumeric(%q) = %v, want %v", cell, got, want)
		}
	}
}
