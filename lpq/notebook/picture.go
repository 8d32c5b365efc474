package notebook

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // known to DecodeConfig
	_ "image/png"
	"os"
	"path/filepath"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/pkg/errors"
)

// Picture displays the picture in a JPEG or PNG file, at its size or, where it is wider than the limit, in pixels, shrunk to that. The file itself becomes
// part of the notebook. Outside a notebook it prints a description. A file that is no picture ends the process with one line.
func Picture(file string, maxWidth int) {
	content := Must(os.ReadFile(file))
	config, format, err := image.DecodeConfig(bytes.NewReader(content))
	Check(errors.Wrapf(err, "picture %s", file))
	description := fmt.Sprintf("Picture %s (%d x %d pixels)", filepath.Base(file), config.Width, config.Height)
	if !gonbui.IsNotebook {
		fmt.Println(description)
		return
	}
	width, height := config.Width, config.Height
	if width > maxWidth {
		width, height = maxWidth, height*maxWidth/width
	}
	showImage(format, content, description, width, height)
}

// Env returns the value of an environment variable. One that is not set ends the process with a line that says what it should name.
func Env(variable, names string) string {
	value := os.Getenv(variable)
	if value == "" {
		fail(errors.Errorf("$%s is not set: it names %s", variable, names))
	}
	return value
}
