//go:build unix

package cli

import "syscall"

// openFiles returns how many files the process may have open at once. Go has raised that to all that
// the system allows when the process began.
func openFiles() (most uint64, known bool) {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0, false
	}
	return uint64(limit.Cur), true
}
