package notebook

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/lowprec/lpnets/lpq/plot"
)

// How often the display is renewed: as fast as one reads it, and rarely in a log, where each renewal is a new line. A figure is drawn less often, for
// it takes time from the action: a 50th of it at most.
const (
	liveInterval   = 200 * time.Millisecond
	logInterval    = 10 * time.Second
	figureInterval = 2 * time.Second
	figureShare    = 50
)

// Progress shows how far a long action has come, and when it will end: in a notebook one output that is renewed, in a
// terminal one line, in a log (standard error is a file or a pipe) a line every ten seconds, none if the action ends before.
// It may be used from several goroutines at once.
type Progress struct {
	label   string
	now     func() time.Time
	display display
	every   time.Duration

	mu               sync.Mutex
	start, lastShown time.Time
	first            time.Time // of the first update, which told that firstDone steps were finished
	firstDone        int
	done, total      int
	started, closed  bool
	note             string

	figure   func() *plot.Figure // nil: there is none
	nextDraw time.Time
}

// NewProgress shows that an action has begun. Close it.
func NewProgress(label string) *Progress {
	display, every := newDisplay()
	return begin(label, display, every, time.Now)
}

// NewProgressIn is NewProgress for an action with a context: where that is one of [Progress.Context], the action is shown as part of the longer one.
func NewProgressIn(ctx context.Context, label string) *Progress {
	if whole, ok := ctx.Value(wholeKey{}).(*notebookDisplay); ok {
		return begin(label, whole.newPart(), liveInterval, time.Now)
	}
	return NewProgress(label)
}

// wholeKey is where a context has the display of the longer action.
type wholeKey struct{}

// Context returns ctx for actions that are parts of this one. In a notebook [NewProgressIn] shows them below it, each until it closes, so that a long
// action leaves one output; elsewhere they are shown as any other.
func (p *Progress) Context(ctx context.Context) context.Context {
	if whole, ok := p.display.(*notebookDisplay); ok {
		return context.WithValue(ctx, wholeKey{}, whole)
	}
	return ctx
}

// Figure shows a figure below the progress, in a notebook only: drawn anew every few seconds as updates come, and when the progress closes. The
// function is called from Update and Close, and may return nil as long as there is nothing to draw.
func (p *Progress) Figure(figure func() *plot.Figure) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.figure = figure
}

func begin(label string, display display, every time.Duration, now func() time.Time) *Progress {
	p := &Progress{label: label, now: now, display: display, every: every}
	p.start = now()
	p.lastShown = p.start
	p.display.show(p.line(p.start), false)
	return p
}

// Update tells that done of total steps are finished (total 0 or less: the number is not known, no end is foretold), and
// a note to show beside ("loss 0.42"). The speed is measured from the first update on: what comes before it, compilation for
// instance, comes once, and an action may resume in the middle.
func (p *Progress) Update(done, total int, note string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	now := p.now()
	if !p.started {
		p.started, p.first, p.firstDone = true, now, done
	}
	p.done, p.total, p.note = done, total, note
	if p.figure != nil && !now.Before(p.nextDraw) {
		p.display.draw(p.figure)
		drawn := p.now()
		p.nextDraw = drawn.Add(max(figureInterval, figureShare*drawn.Sub(now)))
	}
	if now.Sub(p.lastShown) >= p.every {
		p.lastShown = now
		p.display.show(p.line(now), false)
	}
}

// Flush shows the state at once, for an action that will not tell more for long.
func (p *Progress) Flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.now(); !p.closed {
		p.lastShown = now
		p.display.show(p.line(now), false)
	}
}

// Log shows a line that stays, above the progress: what one part of the action gave.
func (p *Progress) Log(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.display.log(line)
}

// Close shows the final state and ends the line. Calls after the first do nothing.
func (p *Progress) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	if p.figure != nil {
		p.display.draw(p.figure)
	}
	p.display.show(p.line(p.now()), true)
}

// begun stands for the progress of an action that has not told any.
const begun = "…"

// progressLine is one state of a progress display.
type progressLine struct {
	label, text string
	done, total int
}

// line describes the state at a time: share, steps, time taken and left, note.
func (p *Progress) line(now time.Time) progressLine {
	if !p.started {
		return progressLine{label: p.label, text: begun}
	}
	parts := []string{fmt.Sprintf("%d", p.done)}
	if p.total > 0 {
		parts = []string{fmt.Sprintf("%3.0f %%", 100*float64(p.done)/float64(p.total)), fmt.Sprintf("%d/%d", p.done, p.total)}
	}
	parts = append(parts, clock(now.Sub(p.start)))
	if fresh := p.done - p.firstDone; fresh > 0 && p.done < p.total && !p.closed {
		left := now.Sub(p.first).Seconds() / float64(fresh) * float64(p.total-p.done)
		parts = append(parts, "ETA "+clock(time.Duration(left*float64(time.Second))))
	}
	if p.note != "" {
		parts = append(parts, p.note)
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
