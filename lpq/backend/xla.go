//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64))

package backend

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/go-logr/logr"
	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
	"github.com/pkg/errors"
	"golang.org/x/sys/cpu"
	"k8s.io/klog/v2"

	"github.com/lowprec/lpnets/internal/programs"
)

const xlaLinked = true

// loadXLA loads the plugin and makes a client with so many devices (0 for the default).
func loadXLA(plugin Plugin, options string, devices int) (compute.Backend, error) {
	if strings.Contains(plugin.Path, ",") {
		return nil, errors.Errorf("the path of the plugin %s has a comma, at which go-xla ends it; install it elsewhere ($XDG_CACHE_HOME)", plugin.Path)
	}
	config := plugin.Path + "," + options
	// go-xla decides by the words in the plugin's path whether it is a CPU's; say it ourselves.
	if !strings.Contains(options, "shared_buffers") {
		config += map[bool]string{true: ",shared_buffers", false: ",noshared_buffers"}[plugin.Platform == "cpu"]
	}
	var b *xla.Backend
	err := quietly(func() error {
		defer setFlags(plugin)()
		prepareCUDA(plugin)
		loaded, err := pjrt.GetPlugin(plugin.Path)
		if err != nil {
			return err
		}
		programs.Keep(loaded, diskOf(plugin))
		b, err = xla.NewWithOptions(config, clientOptions(plugin.Platform, options, devices))
		if err == nil {
			flagsOfEngines.Store(compute.Backend(b), strings.TrimSpace(os.Getenv(flagsEnv)))
		}
		return err
	})
	if err != nil {
		return nil, oneLine(err)
	}
	return b, nil
}

// flagsEnv has flags for every plugin, which reads them when it makes its first client.
const flagsEnv = "XLA_FLAGS"

// setFlags sets the plugin's own flags before those of the user, which therefore win, until the function that it returns is called: the next
// plugin may not know them.
func setFlags(plugin Plugin) (restore func()) {
	own, users := flagsOf(plugin, cpu.X86.HasAVX512), os.Getenv(flagsEnv)
	if own == "" {
		return func() {}
	}
	os.Setenv(flagsEnv, own+" "+users)
	return func() { os.Setenv(flagsEnv, users) }
}

// clientOptions are the options that say how many devices the client has.
func clientOptions(platform, options string, devices int) pjrt.NamedValuesMap {
	switch {
	case platform == "cpu":
		return pjrt.NamedValuesMap{"cpu_device_count": int64(max(1, devices))}
	case platform == "cuda" && devices > 0 && !strings.Contains(options, "visible_devices"):
		visible := make([]int64, devices)
		for i := range visible {
			visible[i] = int64(i)
		}
		return pjrt.NamedValuesMap{"visible_devices": visible}
	}
	return nil
}

// probeXLA loads the plugin and returns the version of its interface and its devices.
func probeXLA(plugin Plugin) (api string, devices []string, err error) {
	err = quietly(func() error {
		defer setFlags(plugin)()
		prepareCUDA(plugin)
		loaded, err := pjrt.GetPlugin(plugin.Path)
		if err != nil {
			return oneLine(err)
		}
		major, minor := loaded.Version()
		api = fmt.Sprintf("%d.%d", major, minor)
		options := clientOptions(plugin.Platform, "", 0)
		if plugin.Platform == "cuda" {
			options = pjrt.NamedValuesMap{"preallocate": false} // or asking takes three quarters of the GPU's memory
		}
		client, err := loaded.NewClient(options)
		if err != nil {
			return oneLine(err)
		}
		for _, device := range client.AddressableDevices() {
			devices = append(devices, describe(device))
		}
		return errors.Wrap(client.Destroy(), "closing the plugin's client")
	})
	return api, devices, err
}

// describe names a device as the plugin does.
func describe(device *pjrt.Device) string {
	description, err := device.GetDescription()
	if err != nil {
		return err.Error()
	}
	return description.DebugString()
}

// quietly runs fn without go-xla's log, in which everything that it returns as an error stands as well.
func quietly(fn func() error) error {
	state := klog.CaptureState()
	defer state.Restore()
	klog.SetLogger(logr.Discard())
	return fn()
}

// oneLine keeps an error's message, without line breaks.
func oneLine(err error) error {
	lines := strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' })
	lines = slices.DeleteFunc(lines, func(s string) bool { return strings.TrimSpace(s) == "" })
	return errors.New(strings.Join(lines, "; "))
}
