package backend

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// library makes the bytes of a 64-bit shared library for this machine that has nothing in it, but one part of that many bytes.
func library(t testing.TB, partBytes uint64) []byte {
	t.Helper()
	header := elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_DYN), Machine: uint16(machines[runtime.GOARCH]), Version: uint32(elf.EV_CURRENT),
		Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1, Shentsize: 64,
	}
	part := elf.Prog64{Type: uint32(elf.PT_NOTE), Off: 64 + 56, Filesz: partBytes, Memsz: partBytes, Align: 1}
	var buf bytes.Buffer
	for _, v := range []any{header, part} {
		if err := binary.Write(&buf, binary.LittleEndian, v); err != nil {
			t.Fatal(err)
		}
	}
	buf.Write(make([]byte, partBytes))
	return buf.Bytes()
}

func TestCheckELF(t *testing.T) {
	whole := library(t, 1000)
	patched := func(offset int, value ...byte) []byte {
		b := bytes.Clone(whole)
		copy(b[offset:], value)
		return b
	}
	for _, c := range []struct {
		name  string
		bytes []byte
		want  string // part of the error; empty for none
	}{
		{name: "whole", bytes: whole},
		{name: "empty", bytes: nil, want: "not a shared library"},
		{name: "text", bytes: []byte("<html>404 not found</html>"), want: "not a shared library"},
		{name: "header cut", bytes: whole[:40], want: "not a shared library"},
		{name: "one byte less", bytes: whole[:len(whole)-1], want: "cut short"},
		{name: "part past 2^64", bytes: patched(64+8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f), want: "cut short"},
		{name: "other machine", bytes: patched(18, byte(elf.EM_RISCV), 0), want: "built for EM_RISCV"},
		{name: "executable", bytes: patched(16, byte(elf.ET_EXEC)), want: "not a 64-bit shared library"},
	} {
		err := checkELF(bytes.NewReader(c.bytes), int64(len(c.bytes)), runtime.GOARCH)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func FuzzCheckELF(f *testing.F) {
	f.Add(library(f, 10))
	f.Add([]byte("\x7fELF"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = checkELF(bytes.NewReader(data), int64(len(data)), runtime.GOARCH) // must not panic; what it says does not matter
	})
}

func TestPlatformOf(t *testing.T) {
	for name, want := range map[string]string{
		"/cuda/pjrt_c_api_cpu_plugin.so": "cpu", "/x/pjrt_c_api_cpu_v0.114.0_plugin.so": "cpu", "libpjrt_cpu.so": "cpu",
		"xla_cuda_plugin.so": "cuda", "/cpu/pjrt_c_api_gpu_plugin.so": "cuda", "pjrt_c_api_rocm_plugin.so": "rocm",
		"pjrt_c_api_metal_plugin.so": "metal", "mine.so": "cpu",
	} {
		if got := platformOf(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestIsPluginName(t *testing.T) {
	for name, want := range map[string]bool{
		"pjrt_c_api_cpu_plugin.so": true, "pjrt-plugin-tpu.so": true, "pjrt_plugin_x.so": true,
		"pjrt_c_api_cpu_plugin.so.tmp": false, "libm.so": false, "plugin.json": false,
	} {
		if got := isPluginName(name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

// A GPU's plugin asks for the device and the driver before it is loaded.
func TestCheckDriver(t *testing.T) {
	if runtime.GOOS != "linux" || !xlaLinked {
		t.Skip("looks for Linux's device files")
	}
	devices, driver := nvidiaDevices, nvidiaDriver
	t.Cleanup(func() { nvidiaDevices, nvidiaDriver = devices, driver })
	there := filepath.Join(t.TempDir(), "nvidiactl")
	if err := os.WriteFile(there, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, platform, device, driver, want string }{
		{name: "a CPU needs none", platform: "cpu", device: there + "x", driver: "libnone.so"},
		{name: "no device", platform: "cuda", device: there + "x", driver: "libc.so.6", want: "no NVIDIA GPU at hand"},
		{name: "no driver", platform: "cuda", device: there, driver: "libnone.so.1", want: "does not find the NVIDIA driver's libnone.so.1"},
		{name: "both", platform: "cuda", device: there, driver: "libc.so.6"},
	} {
		nvidiaDevices, nvidiaDriver = []string{c.device}, c.driver
		err := checkDriver(c.platform)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}
