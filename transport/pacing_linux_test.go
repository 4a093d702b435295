package transport_test

import "syscall"

// unpaced gives a socket a congestion control that does not pace. A system that has none of the
// name keeps its own.
func unpaced(_, _ string, raw syscall.RawConn) error {
	return raw.Control(func(fd uintptr) {
		syscall.SetsockoptString(int(fd), syscall.IPPROTO_TCP, syscall.TCP_CONGESTION, "reno")
	})
}
