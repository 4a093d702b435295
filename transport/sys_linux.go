package transport

import (
	"net"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// calm is a congestion control that does not pace. One that does, such as bbr, learns a rate from what
// the peer takes at first, and holds the link to it, although within one machine nothing is in the way
// that could be congested.
const calm = "reno"

// unpace has a listener accept connections with a congestion control that does not pace, where that of
// the system does, and returns the latter; "": nothing has changed. The listener is the place: what was
// paced once remains so, whatever congestion control it is given later.
func unpace(listener *net.TCPListener) (usual string) {
	control(listener, func(fd int) {
		was, err := unix.GetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION)
		if err != nil || !strings.HasPrefix(was, "bbr") {
			return
		}
		if unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, calm) == nil {
			usual = was
		}
	})
	return usual
}

// pace gives a connection the congestion control of the system, unless that of its route came before.
func pace(conn *net.TCPConn, usual string) {
	control(conn, func(fd int) {
		if is, err := unix.GetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION); err == nil && is == calm {
			unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, usual)
		}
	})
}

// wakeFor has a reader that waits on a connection woken when so many bytes have come, the peer has ended,
// or the system has no room for more. A read that does not wait takes what is there.
func wakeFor(conn Conn, bytes int) {
	if bare, is := conn.(*net.TCPConn); is {
		control(bare, func(fd int) { unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVLOWAT, bytes) })
	}
}

// control calls f with the descriptor of a socket that is open.
func control(socket syscall.Conn, f func(fd int)) {
	if raw, err := socket.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { f(int(fd)) })
	}
}
