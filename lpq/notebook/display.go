package notebook

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/janpfeifer/gonb/gonbui"
	"golang.org/x/term"

	"github.com/lowprec/lpnets/lpq/plot"
)

// display is where the progress of one action is shown.
type display interface {
	show(line progressLine, last bool) // in place of the line before
	log(line string)                   // to stay, above the progress
	draw(figure func() *plot.Figure)   // to be seen with the next line, in place of the figure before
}

// newDisplay returns the display of this process, and how often to renew it.
func newDisplay() (display, time.Duration) {
	stderr := int(os.Stderr.Fd())
	switch {
	case gonbui.IsNotebook:
		return newNotebookDisplay(), liveInterval
	case term.IsTerminal(stderr) && os.Getenv("TERM") != "dumb":
		return &terminalDisplay{out: os.Stderr, columns: func() int { return columns(stderr) }}, liveInterval
	}
	return &logDisplay{out: os.Stderr}, logInterval
}

// columns is the width of a terminal, 80 where it does not say.
func columns(fd int) int {
	if width, _, err := term.GetSize(fd); err == nil && width > 0 {
		return width
	}
	return 80
}

// terminalDisplay overwrites its line.
type terminalDisplay struct {
	out     io.Writer
	columns func() int
	text    string // that stands in the line; empty once it has ended
}

// clearLine goes to the start of a terminal's line and empties it.
const clearLine = "\r\x1b[K"

func (d *terminalDisplay) log(line string) { fmt.Fprint(d.out, clearLine+line+"\n"+d.text) }

func (d *terminalDisplay) draw(func() *plot.Figure) {}

func (d *terminalDisplay) show(line progressLine, last bool) {
	d.text = fit(line, d.columns()-1) // a character in the last column may break the line
	fmt.Fprint(d.out, clearLine+d.text)
	if last {
		fmt.Fprintln(d.out)
		d.text = ""
	}
}

// fit writes a line of so many characters at most: with a bar if there is room, and cut if it must be.
func fit(line progressLine, width int) string {
	const least, most = 8, 24
	text := line.label + " " + line.text
	if room := min(width-utf8.RuneCountInString(text)-1, most); line.total > 0 && room >= least {
		full := min(max(room*line.done/line.total, 0), room)
		return line.label + " " + strings.Repeat("█", full) + strings.Repeat("░", room-full) + " " + line.text
	}
	if runes := []rune(text); len(runes) > width {
		return string(runes[:max(width, 0)])
	}
	return text
}

// logDisplay writes line after line, for actions that take long enough to be worth one.
type logDisplay struct {
	out  io.Writer
	text string // that was shown; empty if none was
}

func (d *logDisplay) log(line string) { fmt.Fprintln(d.out, line) }

func (d *logDisplay) draw(func() *plot.Figure) {}

func (d *logDisplay) show(line progressLine, last bool) {
	if line.text == begun || last && (d.text == "" || d.text == line.text) {
		return
	}
	d.text = line.text
	fmt.Fprintln(d.out, line.label+" "+line.text)
}
