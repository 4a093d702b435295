//go:build !linux

package transport

import "net"

// unpace does nothing: a connection keeps the congestion control of the system.
func unpace(*net.TCPConn) {}
