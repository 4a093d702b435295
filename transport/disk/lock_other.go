//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package disk

import "os"

// lock does nothing here: two processes that fetch to one place are found by the proof at the end.
func lock(*os.File) error { return nil }
