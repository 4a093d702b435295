package transport

import (
	"net"

	"golang.org/x/sys/unix"
)

// unpace gives a connection within this machine a congestion control that does not pace. One that does,
// such as bbr, learns a rate from what the peer takes at first, and holds the link to it, although
// nothing is in the way that could be congested. A system that refuses that keeps its own.
func unpace(conn *net.TCPConn) {
	if raw, err := conn.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) {
			unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, "reno")
		})
	}
}

// wakeFor has a reader that waits on a connection woken when so many bytes have come, the peer has ended,
// or the system has no room for more. A read that does not wait takes what is there.
func wakeFor(conn Conn, bytes int) {
	bare, is := conn.(*net.TCPConn)
	if !is {
		return
	}
	if raw, err := bare.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVLOWAT, bytes) })
	}
}
