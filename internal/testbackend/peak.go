//go:build unix

package testbackend

import (
	"runtime"
	"syscall"
	"testing"
)

// ReportPeak reports the most memory that the process has had so far, resident, as a benchmark's peak-MB: right for the first one that runs.
func ReportPeak(b *testing.B) {
	b.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	peak := float64(usage.Maxrss)
	if runtime.GOOS != "darwin" {
		peak *= 1e3 // others tell kilobytes
	}
	b.ReportMetric(peak/1e6, "peak-MB")
}
