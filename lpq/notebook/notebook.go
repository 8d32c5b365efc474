package notebook

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"strings"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
	"github.com/lowprec/lpnets/lpq/plot"
	"github.com/pkg/errors"
)

// dotsPerInch is CSS's: figures appear at their size in inches, from PNGs of twice the resolution.
const dotsPerInch = 96

// Show displays figures, one below the other: as PNG with a description for readers that show text only. Outside a
// notebook it prints the description. A figure that cannot be drawn ends the process with one line.
func Show(figures ...*plot.Figure) {
	for _, figure := range figures {
		if figure == nil {
			fail(errors.New("notebook.Show: the figure is nil"))
		}
		if !gonbui.IsNotebook {
			Check(figure.Err())
			fmt.Println(figure)
			continue
		}
		width, height := figure.Size()
		showImage("png", Must(figure.PNG()), figure.String(), int(width*dotsPerInch), int(height*dotsPerInch))
	}
}

// Image displays a PNG of twice the screen's resolution, as package plot writes them, with a description for readers that show text only. Outside a
// notebook it prints the description. What is no PNG ends the process with one line.
func Image(content []byte, description string) {
	config, err := png.DecodeConfig(bytes.NewReader(content))
	Check(errors.Wrapf(err, "notebook.Image: %s", description))
	if !gonbui.IsNotebook {
		fmt.Println(description)
		return
	}
	showImage("png", content, description, config.Width/2, config.Height/2)
}

// showImage displays an image file, of the format png or jpeg, at a size in pixels of the screen.
func showImage(format string, content []byte, description string, width, height int) {
	kind := "image/" + format
	Check(send(&protocol.DisplayData{
		Data: map[protocol.MIMEType]any{protocol.MIMEType(kind): content, protocol.MIMETextPlain: description},
		// JupyterLab looks for a size under the kind only. The kernel knows no nested maps but those that its protocol registers; it loses an output with others.
		Metadata: map[string]any{kind: map[string]int{"width": width, "height": height}, "alt": description},
	}))
}

// Markdown displays text with Markdown's markup and LaTeX formulas between $ signs. Outside a notebook it prints the
// text as it is.
func Markdown(text string) {
	if !gonbui.IsNotebook {
		fmt.Println(strings.TrimRight(text, "\n"))
		return
	}
	Check(send(&protocol.DisplayData{
		Data: map[protocol.MIMEType]any{protocol.MIMETextMarkdown: text, protocol.MIMETextPlain: text},
	}))
}

// Check does nothing if err is nil; else it prints err as one line to standard error and ends the process with code 1.
func Check(err error) {
	if err != nil {
		fail(err)
	}
}

// Must returns value if err is nil, and else does as [Check].
func Must[T any](value T, err error) T {
	Check(err)
	return value
}

// fail ends the process, after everything shown so far has arrived.
func fail(err error) {
	flush()
	fmt.Fprintln(os.Stderr, "error: "+err.Error())
	os.Exit(1)
}

// send displays data and waits until the kernel has it.
func send(data *protocol.DisplayData) error {
	gonbui.SendData(data)
	flush()
	return errors.WithMessage(gonbui.Error(), "the notebook's kernel cannot be reached")
}

// flush waits until the kernel has received all that was sent: what is in flight when a cell ends is lost. It gives up
// after a while, for a kernel that has gone away never answers.
func flush() {
	const patience = 10 * time.Second
	if !gonbui.IsNotebook || gonbui.Error() != nil {
		return
	}
	done := make(chan struct{})
	go func() {
		gonbui.Sync()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(patience):
	}
}
