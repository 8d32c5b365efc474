//go:build cgo && !noxla && (amd64 || arm64)

package backend

// void lpq_tune_malloc(void);
import "C"

// The settings are made by a C constructor in memory_linux.c, before any thread exists: glibc gives the first threads
// arenas of their own, and made later the settings help in one run of three (measured). Go's internal linker, which cgo uses
// only where -ldflags=-linkmode=internal says so, drops constructors. Then this is the second best; the best are
// glibc's own settings in the environment:
//
//	MALLOC_ARENA_MAX=1 GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.trim_threshold=8589934592:glibc.malloc.mmap_max=0
func init() { C.lpq_tune_malloc() }
