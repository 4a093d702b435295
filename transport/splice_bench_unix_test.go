//go:build unix

package transport

import (
	"syscall"
	"time"
)

// spentCPU returns the processor's seconds that this process has used.
func spentCPU() float64 {
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}
