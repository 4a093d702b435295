package transport

import (
	"net"
	"strings"

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
	raw, err := listener.SyscallConn()
	if err != nil {
		return ""
	}
	raw.Control(func(fd uintptr) {
		was, err := unix.GetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION)
		if err != nil || !strings.HasPrefix(was, "bbr") {
			return
		}
		if unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, calm) == nil {
			usual = was
		}
	})
	return usual
}

// pace gives a connection the congestion control of the system, unless that of its route came before.
func pace(conn *net.TCPConn, usual string) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) {
		if is, err := unix.GetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION); err == nil && is == calm {
			unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, usual)
		}
	})
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
