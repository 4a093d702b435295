//go:build unix

package transport

import (
	"net"
	"syscall"
)

// OpenFiles returns how many files the process may have open at once. Go has raised that to all that
// the system allows when the process began.
func OpenFiles() (most uint64, known bool) {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0, false
	}
	return uint64(limit.Cur), true
}

// descriptor returns the number of a connection's descriptor. The system gives out the lowest one that is
// free, so when it gives it out at least as many are open.
func descriptor(conn Conn) (number uint64, known bool) {
	bare, is := bottom(conn).(*net.TCPConn)
	if !is {
		return 0, false
	}
	raw, err := bare.SyscallConn()
	if err != nil {
		return 0, false
	}
	err = raw.Control(func(fd uintptr) { number = uint64(fd) })
	return number, err == nil
}
