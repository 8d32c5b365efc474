package notebook_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
	"github.com/lowprec/lpnets/lpq/notebook"
	"github.com/lowprec/lpnets/lpq/plot"
)

// sceneVariable names the scene that this test's program plays when it runs as a cell, in a process of its own: the
// library that talks to the kernel has one connection per process.
const sceneVariable = "NOTEBOOK_TEST_SCENE"

var scenes = map[string]func(){
	"show": func() { notebook.Show(similarity(0.97), similarity(0.99).Resized(5, 3)) },
	"broken figure": func() {
		notebook.Markdown("before")
		notebook.Show(plot.Lines("Loss", "step", "nats"))
		notebook.Markdown("never reached")
	},
	"nil figure": func() { notebook.Show(nil) },
	"table":      func() { notebook.Table([]string{"network", "top-1, %"}, [][]string{{"<fp32>", "91.7"}}) },
	"long table": func() {
		notebook.Table([]string{"network", "verdict"}, [][]string{{"W4A4", "no significant difference: W4A4 - baseline = +0.13 points"}, {"W8A8", ""}})
	},
	"ragged":     func() { notebook.Table([]string{"network", "top-1, %"}, [][]string{{"fp32"}}) },
	"markdown":   func() { notebook.Markdown("$x = 2^e$") },
	"picture":    func() { notebook.Picture(grey, 100); notebook.Picture(grey, 20) },
	"no picture": func() { notebook.Picture("notebook_test.go", 100) },
	"env":        func() { fmt.Println(notebook.Env(sceneVariable, "a scene"), notebook.Env("LPQ_NOT_SET", "a folder")) },
	"must":       func() { fmt.Println(notebook.Must(1, nil)); notebook.Must(0, errors.New("no such file")) },
	"progress": func() {
		progress := notebook.NewProgress("train & test")
		for i := range 1000 {
			progress.Update(i+1, 1000, fmt.Sprintf("loss %d", i))
		}
		progress.Log("epoch 1 < 2")
		progress.Close()
		progress.Close()
		progress.Update(1, 1, "never shown")
	},
	"parts": func() {
		whole := notebook.NewProgress("sweep")
		ctx := whole.Context(context.Background())
		for _, label := range []string{"first", "second"} {
			part := notebook.NewProgressIn(ctx, label)
			part.Figure(func() *plot.Figure { return similarity(0.97) })
			part.Update(1, 2, "half")
			part.Log(label + " said something")
			part.Close()
			whole.Log(label + " is done")
		}
		whole.Update(2, 2, "")
		whole.Close()
		notebook.NewProgressIn(context.Background(), "alone").Close()
	},
	"image":    func() { notebook.Image(notebook.Must(similarity(0.97).PNG()), "W4A4") },
	"no image": func() { notebook.Image([]byte("GIF89a, or something"), "W4A4") },
}

// grey is a JPEG of 37x29 pixels.
const grey = "../data/raster/testdata/decode/grey.jpg"

func similarity(cosine float64) *plot.Figure {
	return plot.Similarity("weights", []string{"conv1"}, plot.Series{Name: "W4A4", Y: []float64{cosine}})
}

func TestMain(m *testing.M) {
	if scene := os.Getenv(sceneVariable); scene != "" {
		scenes[scene]()
		return
	}
	os.Exit(m.Run())
}

// played is what a scene left behind.
type played struct {
	displays       []protocol.DisplayData
	stdout, stderr string
	failed         bool
	synced         bool // The last thing sent was a request to wait for all before it.
}

// play runs a scene in a process of its own, inside a notebook (this test plays the kernel) or outside.
func play(t *testing.T, scene string, inNotebook bool) played {
	t.Helper()
	cell := exec.Command(os.Args[0])
	var stdout, stderr bytes.Buffer
	cell.Stdout, cell.Stderr = &stdout, &stderr
	cell.Env = append(os.Environ(), sceneVariable+"="+scene)
	result, kernel := played{}, make(chan error, 1)
	if inNotebook {
		there, back := fifo(t, "there"), fifo(t, "back")
		cell.Env = append(cell.Env, protocol.GONB_PIPE_ENV+"="+there.Name(), protocol.GONB_PIPE_BACK_ENV+"="+back.Name())
		go func() { kernel <- result.listen(there, back) }()
		defer func() {
			there.Close() // Ends the kernel.
			if err := <-kernel; err != nil {
				t.Error(err)
			}
		}()
	}
	timer := time.AfterFunc(20*time.Second, func() { cell.Process.Kill() })
	defer timer.Stop()
	var exit *exec.ExitError
	if err := cell.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	result.failed = exit != nil
	if exit != nil && exit.ExitCode() != 1 {
		t.Errorf("exit code %d, want 1", exit.ExitCode())
	}
	result.stdout, result.stderr = stdout.String(), stderr.String()
	return result
}

// fifo makes a named pipe and opens it for both ends, so that it neither blocks nor ends with the cell.
func fifo(t *testing.T, name string) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

// listen does what the kernel does: keeps displays, answers requests to synchronize.
func (p *played) listen(there, back *os.File) error {
	decoder, encoder := gob.NewDecoder(there), gob.NewEncoder(back)
	for {
		var data protocol.DisplayData
		if err := decoder.Decode(&data); errors.Is(err, os.ErrClosed) {
			return nil
		} else if err != nil {
			return err
		}
		value, isValue := data.Data[protocol.MIMECommValue].(protocol.CommValue)
		p.synced = isValue && value.Address == protocol.GonbuiSyncAddress
		if !p.synced {
			p.displays = append(p.displays, data)
			continue
		}
		if err := encoder.Encode(&protocol.CommValue{Address: protocol.GonbuiSyncAckAddress, Value: value.Value}); err != nil {
			return err
		}
	}
}

func (p played) kinds() []string {
	var kinds []string
	for _, display := range p.displays {
		var names []string
		for kind := range display.Data {
			names = append(names, string(kind))
		}
		slices.Sort(names)
		kinds = append(kinds, strings.Join(names, "+"))
	}
	return kinds
}

func TestInANotebook(t *testing.T) {
	for _, c := range []struct {
		scene  string
		kinds  []string
		failed bool
		stderr string
	}{
		{scene: "show", kinds: []string{"image/png+text/plain", "image/png+text/plain"}},
		{scene: "broken figure", kinds: []string{"text/markdown+text/plain"}, failed: true,
			stderr: "error: plot.Lines: figure \"Loss\": there is no series to draw\n"},
		{scene: "nil figure", failed: true, stderr: "error: notebook.Show: the figure is nil\n"},
		{scene: "table", kinds: []string{"text/html+text/plain"}},
		{scene: "ragged", failed: true, stderr: "error: notebook.Table: row 0 has 1 cells, the header has 2\n"},
		{scene: "markdown", kinds: []string{"text/markdown+text/plain"}},
		{scene: "must", failed: true, stderr: "error: no such file\n"},
		{scene: "image", kinds: []string{"image/png+text/plain"}},
		{scene: "no image", failed: true, stderr: "error: notebook.Image: W4A4: png: invalid format: not a PNG file\n"},
	} {
		t.Run(c.scene, func(t *testing.T) {
			got := play(t, c.scene, true)
			if !slices.Equal(got.kinds(), c.kinds) || got.failed != c.failed || got.stderr != c.stderr {
				t.Errorf("displays %q, failed %v, stderr %q\nwant %q, %v, %q", got.kinds(), got.failed, got.stderr, c.kinds, c.failed, c.stderr)
			}
			if !got.synced {
				t.Error("the process ended without waiting for what it sent")
			}
		})
	}
}

func TestShowSendsAPictureOfItsSize(t *testing.T) {
	got := play(t, "show", true)
	if len(got.displays) != 2 {
		t.Fatalf("%d displays, want 2", len(got.displays))
	}
	for i, want := range []struct{ width, height int }{{672, 384}, {480, 288}} {
		display := got.displays[i]
		checkImage(t, display, "image/png", want.width, want.height)
		content, _ := display.Data[protocol.MIMEImagePNG].([]byte)
		config, err := png.DecodeConfig(bytes.NewReader(content))
		if err != nil || config.Width != 2*want.width || config.Height != 2*want.height {
			t.Errorf("PNG of %d x %d (error %v), want twice %v", config.Width, config.Height, err, want)
		}
		if text := fmt.Sprint(display.Data[protocol.MIMETextPlain]); !strings.Contains(text, `"weights"`) {
			t.Errorf("text %q, want the title in it", text)
		}
	}
}

func TestTableEscapesItsCells(t *testing.T) {
	got := play(t, "table", true)
	text := fmt.Sprint(got.displays[0].Data[protocol.MIMETextHTML])
	if !strings.Contains(text, `text-align:left">&lt;fp32&gt;</td>`) || !strings.Contains(text, `text-align:right">91.7</td>`) {
		t.Errorf("HTML %s", text)
	}
}

func TestPicture(t *testing.T) {
	got := play(t, "picture", true)
	if got.failed || len(got.displays) != 2 {
		t.Fatalf("failed: %v (%s), %d displays", got.failed, got.stderr, len(got.displays))
	}
	want, err := os.ReadFile(grey)
	if err != nil {
		t.Fatal(err)
	}
	display := got.displays[0]
	if content, _ := display.Data["image/jpeg"].([]byte); !bytes.Equal(content, want) {
		t.Errorf("%d bytes of JPEG, want the file's %d", len(content), len(want))
	}
	checkImage(t, display, "image/jpeg", 37, 29)
	checkImage(t, got.displays[1], "image/jpeg", 20, 15)
}

// checkImage checks what is said of an image: its size, where JupyterLab and nbconvert look for it, and its description.
func checkImage(t *testing.T, display protocol.DisplayData, kind string, width, height int) {
	t.Helper()
	want := map[string]any{kind: map[string]int{"width": width, "height": height}, "alt": display.Data[protocol.MIMETextPlain]}
	if diff := cmp.Diff(want, display.Metadata); diff != "" {
		t.Errorf("metadata: %s", diff)
	}
}

func TestTableLeavesRoomForSentences(t *testing.T) {
	got := play(t, "long table", true)
	text := fmt.Sprint(got.displays[0].Data[protocol.MIMETextHTML])
	if strings.Count(text, `text-align:left;min-width:12em">`) != 3 || !strings.Contains(text, `text-align:left">W4A4</td>`) {
		t.Errorf("HTML %s", text)
	}
}

func TestProgressRenewsOneOutput(t *testing.T) {
	got := play(t, "progress", true)
	// 1000 updates take a few milliseconds: the first shows, the last does, and few between.
	if n := len(got.displays); n < 2 || n > 50 {
		t.Fatalf("%d messages for 1000 updates", n)
	}
	for _, display := range got.displays {
		if display.DisplayID == "" || display.DisplayID != got.displays[0].DisplayID {
			t.Errorf("id %q, want the same everywhere, %q", display.DisplayID, got.displays[0].DisplayID)
		}
	}
	last := got.displays[len(got.displays)-1]
	want := `<div>epoch 1 &lt; 2</div><div>train &amp; test <progress aria-label="train &amp; test" max="1000" value="1000"></progress> 100 % · 1000/1000 · 0:00 · loss 999</div>`
	if text := last.Data[protocol.MIMETextHTML]; text != want {
		t.Errorf("last state %q, want %q", text, want)
	}
}

// The parts of an action show in its output, with their figure, until they end; another action has an output of its own.
func TestPartsShowInTheWhole(t *testing.T) {
	got := play(t, "parts", true)
	var during bool
	whole := got.displays[0].DisplayID
	last := map[string]string{}
	for _, display := range got.displays {
		text := fmt.Sprint(display.Data[protocol.MIMETextHTML])
		during = during || display.DisplayID == whole && strings.Contains(text, "second said something") && strings.Contains(text, `<img src="data:image/png;base64,iVBORw0KGgo`)
		last[display.DisplayID] = text
	}
	if !during {
		t.Error("the second part and its figure were never seen in the whole's output")
	}
	want := `<div>first is done</div><div>second is done</div><div>sweep <progress aria-label="sweep" max="2" value="2"></progress> 100 % · 2/2 · `
	if len(last) != 2 || !strings.HasPrefix(last[whole], want) || strings.Contains(last[whole], "<img") {
		t.Errorf("outputs end as %q, want two, the first beginning with %q", last, want)
	}
}

func TestOutsideANotebook(t *testing.T) {
	for _, c := range []struct {
		scene          string
		stdout, stderr string
		failed         bool
	}{
		{scene: "show", stdout: "Figure \"weights\" (7 x 4 in): W4A4\nFigure \"weights\" (5 x 3 in): W4A4\n"},
		{scene: "broken figure", stdout: "before\n", failed: true, stderr: "error: plot.Lines: figure \"Loss\": there is no series to draw\n"},
		{scene: "markdown", stdout: "$x = 2^e$\n"},
		{scene: "table", stdout: "network  top-1, %\n-------  --------\n<fp32>       91.7\n"},
		{scene: "picture", stdout: strings.Repeat("Picture grey.jpg (37 x 29 pixels)\n", 2)},
		{scene: "no picture", failed: true, stderr: "error: picture notebook_test.go: image: unknown format\n"},
		{scene: "env", failed: true, stderr: "error: $LPQ_NOT_SET is not set: it names a folder\n"},
		{scene: "progress", stderr: "epoch 1 < 2\n"},
		{scene: "parts", stderr: "first said something\nfirst is done\nsecond said something\nsecond is done\n"},
		{scene: "image", stdout: "W4A4\n"},
	} {
		t.Run(c.scene, func(t *testing.T) {
			got := play(t, c.scene, false)
			if got.stdout != c.stdout || got.stderr != c.stderr || got.failed != c.failed {
				t.Errorf("stdout %q, stderr %q, failed %v\nwant %q, %q, %v", got.stdout, got.stderr, got.failed, c.stdout, c.stderr, c.failed)
			}
		})
	}
}

func TestAKernelThatIsGoneFailsTheCell(t *testing.T) {
	cell := exec.Command(os.Args[0])
	cell.Env = append(os.Environ(), sceneVariable+"=markdown",
		protocol.GONB_PIPE_ENV+"="+filepath.Join(t.TempDir(), "none"), protocol.GONB_PIPE_BACK_ENV+"="+filepath.Join(t.TempDir(), "none"))
	start := time.Now()
	output, err := cell.CombinedOutput()
	if err == nil || !strings.HasPrefix(string(output), "error: the notebook's kernel cannot be reached: ") || time.Since(start) > 5*time.Second {
		t.Errorf("took %v, wrote %q (error %v)", time.Since(start), output, err)
	}
}

func ExampleTable() {
	notebook.Table([]string{"network", "top-1, %", "bytes"}, [][]string{
		{"fp32", "91.73", "1078000"},
		{"W4A4", "90.2 ± 0.6", "135000"},
	})
	// Output:
	// network    top-1, %    bytes
	// -------  ----------  -------
	// fp32          91.73  1078000
	// W4A4     90.2 ± 0.6   135000
}

func ExampleShow() {
	fmt.Println("in a notebook:", gonbui.IsNotebook)
	notebook.Show(plot.Lines("Loss", "step", "nats", plot.Series{Name: "seed 7", Y: []float64{2.3, 1.1, 0.8}}))
	// Output:
	// in a notebook: false
	// Figure "Loss" (7 x 4 in): seed 7
}
