//go:build unix

package transport_test

import (
	"syscall"
	"time"
)

// spent returns the processor's seconds that this process has used.
func spent() float64 {
	var used syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}
