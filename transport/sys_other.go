//go:build !linux

package transport

import "net"

// unpace does nothing: a connection keeps the congestion control of the system.
func unpace(*net.TCPConn) {}

// wakeFor does nothing: a reader is woken when any bytes have come.
func wakeFor(Conn, int) {}
