//go:build !unix

package disktest

import "testing"

// Fifo puts nothing there.
func Fifo(testing.TB, string) {}
