//go:build cgo && !noxla && (amd64 || arm64)

// Keeps the memory that XLA frees for its next step.
//
// XLA's CPU plugin takes the buffers of every step by malloc and frees them after it. For blocks of this size glibc asks the
// system for memory each time and gives it back: tens of thousands of page faults a step, a quarter of a training step's
// time. Here the blocks stay in the heap, which never shrinks, on huge pages where the system has them:
//
//   M_ARENA_MAX 1          one heap; the others, of threads, are cut into pieces too small for such blocks
//   M_MMAP_MAX 0           no block outside of the heap
//   M_TRIM_THRESHOLD -1    no memory back to the system
//
// and a first block as large as the heap may grow, marked for huge pages and freed again: untouched, it costs address space
// only. LPQ_MALLOC=system in the environment switches all of it off.

#include <features.h>

#ifndef __GLIBC__

void lpq_tune_malloc(void) {}

#else

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// Whether the system lends no more address space than it has memory: then a large first block takes it from others.
static int strict_overcommit(void) {
    FILE *file = fopen("/proc/sys/vm/overcommit_memory", "r");
    if (file == NULL) return 1;
    int mode = 2;
    int read = fscanf(file, "%d", &mode);
    fclose(file);
    return read != 1 || mode == 2;
}

// Marks the part of the heap that comes next for huge pages: half of the memory, at most 8 GiB.
static void advise_huge_pages(void) {
    const size_t huge = (size_t)2 << 20, most = (size_t)8 << 30;
    if (strict_overcommit()) return;
    size_t size = (size_t)sysconf(_SC_PHYS_PAGES) / 2 * (size_t)sysconf(_SC_PAGESIZE);
    if (size > most) size = most;
    if (size < 4 * huge) return;
    char *block = malloc(size);
    if (block == NULL) return;
    uintptr_t from = ((uintptr_t)block + huge - 1) & ~(huge - 1);
    uintptr_t to = ((uintptr_t)block + size) & ~(huge - 1);
    madvise((void *)from, to - from, MADV_HUGEPAGE);  // where it fails, the pages stay small
    free(block);
}

// Makes the settings, at the first call.
__attribute__((constructor)) void lpq_tune_malloc(void) {
    static int made;
    if (made) return;
    made = 1;
    const char *choice = getenv("LPQ_MALLOC");
    if (choice != NULL && strcmp(choice, "system") == 0) return;
    if (mallopt(M_ARENA_MAX, 1) && mallopt(M_MMAP_MAX, 0) && mallopt(M_TRIM_THRESHOLD, -1)) advise_huge_pages();
}

#endif
