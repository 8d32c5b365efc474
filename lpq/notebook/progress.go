package notebook

import (
	"fmt"
	"html"
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
	"golang.org/x/term"
)

// How often a progress line is renewed: as fast as one reads it, and rarely in a log, where each renewal is a new line.
const (
	liveInterval = 200 * time.Millisecond
	logInterval  = 10 * time.Second
)

// Progress shows how far a long action has come, and when it will end: in a notebook one output that is renewed, in a
// terminal one line, in a log (standard error is a file or a pipe) a line every ten seconds. It may be used from several
// goroutines at once.
type Progress struct {
	label string
	total int
	now   func() time.Time
	show  func(line progressLine, last bool)
	every time.Duration

	mu               sync.Mutex
	start, lastShown time.Time
	first, done      int
	started, closed  bool
	note             string
}

// NewProgress starts a progress line for total steps; total 0 or less: the number is not known, no end is foretold.
// Close it.
func NewProgress(label string, total int) *Progress {
	p := &Progress{label: label, total: total, now: time.Now, every: liveInterval}
	switch {
	case gonbui.IsNotebook:
		p.show = inNotebook("progress-" + gonbui.UniqueId())
	case term.IsTerminal(int(os.Stderr.Fd())):
		p.show = inTerminal(os.Stderr)
	default:
		p.show, p.every = inLog(os.Stderr), logInterval
	}
	p.start = p.now()
	return p
}

// Update tells that done steps are finished, and a note to show beside ("loss 0.42"). The speed is measured from the
// first update on, so that an action that resumes in the middle foretells its end rightly.
func (p *Progress) Update(done int, note string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	now := p.now()
	if !p.started {
		// The first step took the time since the start, compilation and all; after a resume the first is not step 1.
		p.started, p.first = true, max(0, done-1)
	}
	p.done, p.note = done, note
	if now.Sub(p.lastShown) >= p.every {
		p.lastShown = now
		p.show(p.line(now), false)
	}
}

// Close shows the final state and ends the line. Calls after the first do nothing.
func (p *Progress) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	p.show(p.line(p.now()), true)
}

// progressLine is one state of a progress display.
type progressLine struct {
	label, text string
	done, total int
}

// line describes the state at a time: share, steps, note, time taken and left.
func (p *Progress) line(now time.Time) progressLine {
	parts := []string{fmt.Sprintf("%d", p.done)}
	if p.total > 0 {
		parts = []string{fmt.Sprintf("%3.0f %%", 100*float64(p.done)/float64(p.total)), fmt.Sprintf("%d/%d", p.done, p.total)}
	}
	if p.note != "" {
		parts = append(parts, p.note)
	}
	elapsed := now.Sub(p.start)
	parts = append(parts, clock(elapsed))
	if fresh := p.done - p.first; fresh > 0 && p.done < p.total && !p.closed {
		left := elapsed.Seconds() / float64(fresh) * float64(p.total-p.done)
		parts = append(parts, "ETA "+clock(time.Duration(left*float64(time.Second))))
	}
	return progressLine{label: p.label, text: strings.Join(parts, " · "), done: p.done, total: p.total}
}

// clock writes a duration as minutes and seconds, with hours where there are any.
func clock(d time.Duration) string {
	seconds := int(d.Round(time.Second).Seconds())
	if seconds >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
	}
	return fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
}

// inNotebook returns a display that renews one output block, of which a saved notebook keeps the last state.
func inNotebook(id string) func(progressLine, bool) {
	return func(line progressLine, _ bool) {
		bar := ""
		if line.total > 0 {
			bar = fmt.Sprintf(`<progress max="%d" value="%d"></progress> `, line.total, line.done)
		}
		// Ignored: an action should end, and save what it has, though nobody watches it any more.
		_ = send(&protocol.DisplayData{
			DisplayID: id,
			Data: map[protocol.MIMEType]any{
				protocol.MIMETextHTML:  fmt.Sprintf("<div>%s %s%s</div>", html.EscapeString(line.label), bar, html.EscapeString(line.text)),
				protocol.MIMETextPlain: line.label + " " + line.text,
			},
		})
	}
}

// inTerminal returns a display that overwrites its line.
func inTerminal(out io.Writer) func(progressLine, bool) {
	const barWidth = 24
	shown := 0
	return func(line progressLine, last bool) {
		text := line.label + " "
		if line.total > 0 {
			full := min(max(barWidth*line.done/line.total, 0), barWidth)
			text += strings.Repeat("█", full) + strings.Repeat("░", barWidth-full) + " "
		}
		text += line.text
		width := utf8.RuneCountInString(text)
		fmt.Fprint(out, "\r"+text+strings.Repeat(" ", max(0, shown-width)))
		shown = width
		if last {
			fmt.Fprintln(out)
		}
	}
}

// inLog returns a display that writes line after line.
func inLog(out io.Writer) func(progressLine, bool) {
	return func(line progressLine, _ bool) { fmt.Fprintln(out, line.label+" "+line.text) }
}
