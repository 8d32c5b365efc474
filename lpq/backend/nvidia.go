//go:build cgo && !noxla && ((linux && (amd64 || arm64)) || (darwin && arm64))

package backend

// #cgo linux LDFLAGS: -ldl
// #include <dlfcn.h>
// #include <stdlib.h>
//
// static void* lpq_dlopen(const char* name, int now) { return dlopen(name, (now ? RTLD_NOW : RTLD_LAZY) | RTLD_LOCAL); }
import "C"

import (
	"os"
	"path/filepath"
	"strings"
	"unsafe"
)

// nvidiaLibraries are what the CUDA plugin asks the dynamic loader for by their bare names, in an order in which each
// finds what it needs. JAX loads the same ones before its plugin, by their paths in NVIDIA's wheels.
var nvidiaLibraries = []string{
	"cu13/lib/libcudart.so.13", "cu13/lib/libnvrtc.so.13", "cu13/lib/libnvJitLink.so.13", "cu13/lib/libcublasLt.so.13",
	"cu13/lib/libcublas.so.13", "nccl/lib/libnccl.so.2", "cu13/lib/libcupti.so.13", "cu13/lib/libcusparse.so.12",
	"cu13/lib/libcusolver.so.12", "cu13/lib/libcufft.so.12", "nvshmem/lib/libnvshmem_host.so.3", "cudnn/lib/libcudnn.so.9",
}

const dataDirFlag = "--xla_gpu_cuda_data_dir"

// prepareCUDA loads NVIDIA's libraries from beside the plugin and tells XLA where the compiler's files are, unless
// $XLA_FLAGS says it already. Where the libraries are not, the plugin is left to find them elsewhere.
func prepareCUDA(plugin Plugin) {
	nvidia := nvidiaDir(plugin)
	if nvidia == "" {
		return
	}
	for _, library := range nvidiaLibraries {
		open(filepath.Join(nvidia, library), true) // if it fails, the plugin says what it misses
	}
	data := filepath.Join(nvidia, "cu13")
	flags := os.Getenv(flagsEnv)
	if _, err := os.Stat(data); err == nil && !strings.Contains(flags, dataDirFlag) && !strings.ContainsAny(data, " \t") {
		os.Setenv(flagsEnv, strings.TrimSpace(flags+" "+dataDirFlag+"="+data))
	}
}

// canLoad tells whether the dynamic loader finds a library.
func canLoad(name string) bool {
	handle := open(name, false)
	if handle == nil {
		return false
	}
	C.dlclose(handle)
	return true
}

func open(name string, now bool) unsafe.Pointer {
	cname := C.CString(name)
	defer C.free(unsafe.Pointer(cname))
	var flag C.int
	if now {
		flag = 1
	}
	return C.lpq_dlopen(cname, flag)
}
