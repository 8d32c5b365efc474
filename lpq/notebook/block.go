package notebook

import (
	"encoding/base64"
	"fmt"
	"html"
	"slices"
	"strings"
	"sync"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/lowprec/lpnets/lpq/plot"
)

// notebookDisplay renews one output block, of which a saved notebook keeps the last state: lines that stay, the progress, a figure, and the blocks
// of actions that are parts of this one.
type notebookDisplay struct {
	block *outputBlock
	whole *notebookDisplay // that this one is a part of; nil: it is the output itself

	logged []string
	line   progressLine
	image  string // the figure, as HTML
	parts  []*notebookDisplay
}

// outputBlock is one output of a cell, which a display and its parts share.
type outputBlock struct {
	mu sync.Mutex
	id string
}

func newNotebookDisplay() *notebookDisplay {
	return &notebookDisplay{block: &outputBlock{id: "progress-" + gonbui.UniqueId()}}
}

// newPart returns the display of an action that is a part of this one.
func (d *notebookDisplay) newPart() *notebookDisplay {
	return &notebookDisplay{block: d.block, whole: d}
}

func (d *notebookDisplay) log(line string) {
	d.block.mu.Lock()
	defer d.block.mu.Unlock()
	d.logged = append(d.logged, line)
	d.send()
}

func (d *notebookDisplay) show(line progressLine, last bool) {
	d.block.mu.Lock()
	defer d.block.mu.Unlock()
	d.line = line
	if d.whole != nil {
		d.whole.parts = slices.DeleteFunc(d.whole.parts, func(part *notebookDisplay) bool { return part == d })
		if !last {
			d.whole.parts = append(d.whole.parts, d)
		}
	}
	d.send()
}

// draw leaves things as they are if the figure cannot be drawn: an action should go on, whatever its picture looks like.
func (d *notebookDisplay) draw(figure func() *plot.Figure) {
	f := figure()
	if f == nil {
		return
	}
	png, err := f.PNG()
	if err != nil {
		return
	}
	width, height := f.Size()
	d.block.mu.Lock()
	defer d.block.mu.Unlock()
	d.image = fmt.Sprintf(`<img src="data:image/png;base64,%s" width="%d" height="%d" alt="%s">`, base64.StdEncoding.EncodeToString(png),
		int(width*dotsPerInch), int(height*dotsPerInch), html.EscapeString(f.String()))
}

// send renews the output.
func (d *notebookDisplay) send() {
	for d.whole != nil {
		d = d.whole
	}
	var rich, plain strings.Builder
	d.write(&rich, &plain)
	// Ignored: an action should end, and save what it has, though nobody watches it any more.
	_ = send(&protocol.DisplayData{
		DisplayID: d.block.id,
		Data:      map[protocol.MIMEType]any{protocol.MIMETextHTML: rich.String(), protocol.MIMETextPlain: strings.TrimSuffix(plain.String(), "\n")},
	})
}

// write writes the state as HTML and as lines of text.
func (d *notebookDisplay) write(rich, plain *strings.Builder) {
	for _, text := range d.logged {
		fmt.Fprintf(rich, "<div>%s</div>", html.EscapeString(text))
		fmt.Fprintln(plain, text)
	}
	label, bar := html.EscapeString(d.line.label), ""
	if d.line.total > 0 {
		bar = fmt.Sprintf(`<progress aria-label="%s" max="%d" value="%d"></progress> `, label, d.line.total, d.line.done)
	}
	fmt.Fprintf(rich, "<div>%s %s%s</div>", label, bar, html.EscapeString(d.line.text))
	fmt.Fprintln(plain, d.line.label+" "+d.line.text)
	if d.image != "" {
		fmt.Fprintf(rich, "<div>%s</div>", d.image)
	}
	for _, part := range d.parts {
		rich.WriteString(`<div style="margin-left:2em">`)
		part.write(rich, plain)
		rich.WriteString("</div>")
	}
}
