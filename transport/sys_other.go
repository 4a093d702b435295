//go:build !linux

package transport

import "net"

// unpace changes nothing: a connection keeps the congestion control of the system.
func unpace(*net.TCPListener) (usual string) { return "" }

// pace is not called.
func pace(*net.TCPConn, string) {}

// wakeFor does nothing: a reader is woken when any bytes have come.
func wakeFor(Conn, int) {}
